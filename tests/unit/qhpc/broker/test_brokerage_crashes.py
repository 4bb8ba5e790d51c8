"""Whatever crashes, and when: no accepted task is lost, none runs twice, none is answered wrongly or charged twice."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from qat.comm.broker.messages import TaskCancelled, TaskFailed, TaskFinished

from .world import QPUS, SHOTS, World

WHAT = ["submit"] * 6 + ["run"] * 6 + ["sync"] * 3 + [
    "crash", "attach", "connect", "disconnect", "cancel", "wait", "acknowledge", "fail", "torn crash",
]  # fmt: skip
KILLS = ["kill", "death", "kill both"]
STEP = st.tuples(st.sampled_from(WHAT), st.integers(0, 11), st.floats(0.0, 6.0))


def play(world, what, number, length_s):
    job, qpu = world.jobs[number % 2], QPUS[number // 2 % 2]
    driver = world.drivers[qpu]
    match what:
        case "submit":
            job.submit(f"t{number}", is_sliceable=number % 3 > 0, is_repeatable=number % 4 > 0, duration_s=2 + length_s)
        case "run" | "fail":
            driver.step(fails=what == "fail")
        case "sync":
            world.sync(number)
        case "crash":
            world.crash(number, None)
        case "torn crash":
            world.crash(number, int(length_s))
        case "kill" | "death":
            world.kill_driver(qpu, forgets=what == "death")
        case "kill both":
            world.crash(number, 0)
            world.kill_driver(qpu)
        case "attach" if not driver.is_attached:
            driver.attach()
        case "connect" if job.connection is None:
            job.connect()
        case "disconnect" if job.connection is not None:
            world.heart.job_left(job.connection)
            job.connection = None
        case "cancel":
            job.cancel(f"t{number}")
        case "wait":
            world.pass_time(length_s)
        case "acknowledge":
            job.acknowledge()
    world.flush()


def shots_of(result):
    return sum(int(piece.partition(b":")[2]) for piece in result.split(b";") if piece)


def check(world):
    assert world.heart.expected_s == {}, "nothing is expected of tasks that have ended"
    for job in world.jobs:
        assert set(job.answers) == set(job.wanted), "all are answered"
        for key, answer in job.answers.items():
            full = f"ada:{job.name}/{key}"
            charged = [row for row in world.rows.values() if f"{row.session}/{row.key}" == full]
            if isinstance(answer, TaskFinished):
                assert shots_of(answer.result) == SHOTS
                assert {piece.partition(b":")[0] for piece in answer.result.split(b";")[:-1]} == {key.encode()}
                assert sum(row.shots for row in charged if row.outcome == "finished") == SHOTS
                assert answer.nb_slices == sum(row.outcome == "finished" for row in charged)
                assert sum(row.busy_s for row in charged) == answer.busy_s
            if not world.nb_driver_kills or not job.wanted[key].is_repeatable:
                assert world.ran[full] <= SHOTS, "nothing runs again that has run"
            if not world.nb_forgotten or not job.wanted[key].is_repeatable:
                assert all(nb == 1 for (ran, _), nb in world.runs.items() if ran == full), "a slice runs once"


@settings(max_examples=150, deadline=None)
@example([("submit", 0, 0.0), ("submit", 1, 0.0), ("run", 2, 0.0), ("crash", 0, 0.0), ("connect", 1, 0.0)])
@given(st.lists(STEP, max_size=60))
def test_broker_and_jobs_crash(steps):
    world = World()
    world.mend()
    for step in steps:
        play(world, *step)
    world.end_all()
    check(world)
    for job in world.jobs:
        for key, answer in job.answers.items():
            assert isinstance(answer, TaskFinished | TaskCancelled) or "tried 3 times" in answer.reason, key


@settings(max_examples=150, deadline=None)
@example([("submit", 0, 0.0), ("sync", 9, 0.0), ("submit", 1, 0.0), ("kill both", 0, 0.0), ("connect", 1, 0.0)])
@given(st.lists(st.one_of(STEP, st.tuples(st.sampled_from(KILLS), st.integers(0, 3), st.just(0.0))), max_size=60))
def test_drivers_crash_too(steps):
    world = World()
    world.mend()
    for step in steps:
        play(world, *step)
    world.end_all()
    check(world)
    for job in world.jobs:
        for answer in job.answers.values():
            assert not isinstance(answer, TaskFailed) or "tried 3" in answer.reason or "must not run" in answer.reason
