"""How long sessions waited for QPUs, and how many nodes waited with them."""

from qat.comm.broker.messages import Sleep, SubmitTask
from qhpc.broker.drivers.messages import SliceEnded
from qhpc.broker.usage_rows import SessionRow
from tests.unit.qhpc.broker.desk import Desk

LONG = SubmitTask("t", b"payload", 100, duration_s=60.0)


def ended(desk, session, busy_s, key="t"):
    desk.driver(SliceEnded(f"ada:{session}/{key}", 1, 100, busy_s, 0.0, b"result"))


def closed(desk, session):
    """The row of a session that is closed now."""
    desk.heart.close_session(f"ada:{session}", "the job has ended", desk.now_s)
    rows = desk.take().rows
    desk.heart.safe(len(desk.disk))
    rows += desk.take().rows
    (row,) = [row for row in rows if isinstance(row, SessionRow) and row.session == f"ada:{session}"]
    return row


def waited_s(desk, session):
    (found,) = [each for each in desk.heart.status(desk.now_s).sessions if each.id == f"ada:{session}"]
    return found.waited_s


def one_that_waits(**fields):
    """Another session has the QPU."""
    desk = Desk(lease_s=1e6)
    desk.open("other", connection="o")
    desk.says(LONG, connection="o")
    desk.open("vqe", slurm_job=12, **fields)
    desk.says(LONG)
    desk.sync()
    return desk


def test_a_session_waits_while_a_qpu_works_for_another_and_not_while_it_works_for_it():
    desk = one_that_waits(nb_nodes=2)
    seen = [waited_s(desk, "vqe")]
    for busy in ("other", None, "vqe"):
        desk.tick(30.0)
        seen.append(waited_s(desk, "vqe"))
        if busy:
            ended(desk, busy, 30.0 if busy == "other" else 60.0)
    desk.tick(30.0)
    assert [*seen, waited_s(desk, "vqe")] == [0.0, 30.0, 30.0, 30.0, 30.0]
    assert closed(desk, "vqe").node_waited_s == 60.0


def test_what_was_waited_survives_a_short_journal():
    desk = one_that_waits(nb_nodes=2)
    desk.tick(30.0)
    ended(desk, "other", 30.0)
    desk.tick(20.0)
    desk.sync()
    desk.restart()
    desk.attach("q", known=(("ada:vqe/t", 1),))
    desk.take()
    assert waited_s(desk, "vqe") == 30.0
    desk.tick(40.0)
    ended(desk, "vqe", 60.0)
    row = closed(desk, "vqe")
    assert (row.waited_s, row.node_waited_s, row.used_s) == (30.0, 60.0, 60.0)


def sleeper(*, restarts):
    """It has three nodes and waits 10 s, sleeps 15 s of waiting, has two nodes and waits 5 s more."""
    desk = one_that_waits(nb_nodes=3, releases_nodes=True, restart_s=10.0)
    desk.tick(10.0)
    desk.says(Sleep())
    desk.sync()
    desk.heart.job_left("c")
    if restarts:
        desk.restart()
        desk.attach("q", known=(("ada:other/t", 1),))
        desk.take()
    desk.tick(15.0)
    desk.open("vqe", connection="d", slurm_job=13, nb_nodes=2, releases_nodes=True, restart_s=10.0)
    desk.tick(5.0)
    ended(desk, "other", 30.0)
    desk.tick(60.0)
    ended(desk, "vqe", 60.0)
    return closed(desk, "vqe")


def test_nodes_that_were_given_back_did_not_wait():
    row = sleeper(restarts=False)
    assert (row.waited_s, row.node_waited_s) == (30.0, 3 * 10.0 + 2 * 5.0)


def test_nor_did_they_when_the_broker_was_killed_meanwhile():
    row = sleeper(restarts=True)
    assert (row.waited_s, row.node_waited_s) == (30.0, 3 * 10.0 + 2 * 5.0)


def test_a_session_that_ends_asleep_has_no_nodes():
    desk = one_that_waits(nb_nodes=3, releases_nodes=True, restart_s=10.0)
    desk.tick(10.0)
    desk.says(Sleep())
    desk.tick(100.0)
    row = closed(desk, "vqe")
    assert (row.waited_s, row.node_waited_s) == (110.0, 30.0)


def test_to_open_a_session_again_as_it_was_writes_nothing():
    desk = one_that_waits(nb_nodes=3)
    desk.tick(10.0)
    nb_records = len(desk.disk)
    desk.open("vqe", connection="d", slurm_job=12, nb_nodes=3)
    assert len(desk.disk) == nb_records


def test_the_stack_of_a_session_is_in_its_row_also_after_a_restart():
    desk = Desk(lease_s=1e6)
    desk.open("vqe", slurm_job=12, stack="my vqe\t\n")
    desk.sync()
    desk.restart()
    assert closed(desk, "vqe").stack == "my_vqe__"
