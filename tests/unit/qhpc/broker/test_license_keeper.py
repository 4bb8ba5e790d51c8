"""Slurm is told what has changed, whatever it answers; and what it has is mended."""

import asyncio

import pytest

from qhpc.broker.capacity import PoolCapacity, PoolSight, QpuSight
from qhpc.broker.license_keeper import LicenseKeeper
from qhpc.slurm.capacity import Lever
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.site import Pool

UP, AWAY = QpuSight(name="q"), QpuSight(name="q", state="down", until_s=1e9)


class Slurm:
    """A controller that keeps one licence and our reservation; ``error`` is raised instead of a change."""

    def __init__(self, total=1103):
        self.total, self.withheld, self.commands, self.error, self.lost = total, None, [], None, None

    async def run(self, command):
        self.commands.append(command)
        if self.lost is not None:
            raise self.lost
        match command[1:]:
            case ("--oneliner", "show", "licenses"):
                return f"LicenseName=qpu_p Total={self.total} Used=0 Free=0 Reserved=0 Remote=no" if self.total else ""
            case ("--oneliner", "show", "reservation") if self.withheld is None:
                return "No reservations in the system\n"
            case ("--oneliner", "show", "reservation"):
                return f"ReservationName=openqat_p StartTime=now Licenses=qpu_p:{self.withheld} State=ACTIVE\n"
        if self.error is not None:
            raise self.error
        self.withheld = None
        for word in command:
            if word.startswith("Licenses="):
                self.withheld = int(word.rpartition(":")[2])
        return ""

    def changes(self):
        """Commands that change something, since this was asked last."""
        changes = [command[1] for command in self.commands if "show" not in command]
        self.commands.clear()
        return changes


class World:
    def __init__(self, slurm):
        self.slurm, self.now_s = slurm, 0.0
        pools = {"p": (PoolCapacity(Pool(name="p")), Lever(pool="p"))}
        self.keeper = LicenseKeeper(slurm, pools, clock=lambda: self.now_s)

    def tend(self, qpu, after_s=1.0):
        self.now_s += after_s
        asyncio.run(self.keeper.tend({"p": PoolSight(qpus=[qpu])}, self.now_s))
        return self.slurm.changes()


@pytest.fixture
def slurm():
    return Slurm()


@pytest.fixture
def world(slurm):
    return World(slurm)


def test_it_says_what_has_changed_and_nothing_else(world, slurm):
    assert [world.tend(qpu) for qpu in (UP, UP, AWAY, AWAY, AWAY, UP, UP)] == [
        [], [], ["create"], [], [], ["delete"], [],
    ]  # fmt: skip
    assert world.keeper.troubles == {}


def test_slurm_is_not_asked_at_every_look(world, slurm):
    for _ in range(25):
        world.tend(UP)
    asyncio.run(world.keeper.tend({"p": PoolSight(qpus=[UP])}, world.now_s))
    assert slurm.commands == []


def test_what_somebody_else_has_changed_is_mended(world, slurm):
    world.tend(UP)
    slurm.withheld = 7
    assert world.tend(UP, after_s=31.0) == ["delete"]
    world.tend(AWAY)
    slurm.withheld = None
    world.tend(AWAY, after_s=3.0)
    slurm.withheld = None
    assert world.tend(AWAY, after_s=31.0) == ["create"]


def test_a_broker_that_comes_after_finds_the_reservation_by_its_name(world, slurm):
    slurm.withheld = 1103
    assert World(slurm).tend(AWAY) == ["update"]  # prolonged
    assert World(slurm).tend(UP) == ["delete"]


def test_a_reservation_is_prolonged_before_it_ends(world, slurm):
    world.tend(AWAY)
    changes = [change for _ in range(60) for change in world.tend(AWAY, after_s=60.0)]
    assert changes.count("update") == len(changes) >= 2


@pytest.mark.parametrize("is_lost_at_once", [True, False])
def test_a_controller_that_does_not_answer_leaves_things_as_they_are(world, slurm, is_lost_at_once, caplog):
    world.tend(UP)
    error = ControllerUnreachable("Unable to contact slurm controller")
    slurm.lost, slurm.error = (error, None) if is_lost_at_once else (None, error)
    for _ in range(5):
        world.tend(AWAY)
    assert slurm.withheld is None and "does not answer, so they stay as they are" in world.keeper.troubles["p"]
    assert len(caplog.records) == 1
    slurm.lost = slurm.error = None
    assert world.tend(AWAY, after_s=3.0) == ["create"] and world.keeper.troubles == {}


def test_a_user_who_may_not_is_told_what_to_do(world, slurm, caplog):
    slurm.error = SlurmRefused("Error creating the reservation: Invalid user id")
    world.tend(AWAY)
    assert "run the broker as root or Slurm's SlurmUser" in caplog.text
    assert world.tend(AWAY) == [] and len(caplog.records) == 1
    assert world.tend(AWAY, after_s=31.0) == ["create"]


def test_a_licence_that_there_is_not(world, slurm, caplog):
    slurm.total = None
    world.tend(UP)
    assert "Slurm has no licence qpu_p; see 'qat slurm configure'" in caplog.text


def test_fewer_licences_than_could_be_handed_out(caplog):
    world = World(Slurm(total=1000))
    assert world.tend(UP) == []
    assert "Slurm has 1000 units of qpu_p and 1103 could be handed out: raise Licenses in slurm.conf" in caplog.text


def test_what_else_slurm_does_not_like_is_said(world, slurm, caplog):
    slurm.error = SlurmRefused("Error creating the reservation: Invalid license specification")
    world.tend(AWAY)
    assert "qpu_p could not be set to 0 units: Error creating" in caplog.text
