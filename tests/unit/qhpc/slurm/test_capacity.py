"""What is done so that Slurm hands out more or less: by what it says of itself."""

import pytest

from qhpc.slurm.capacity import Lever, LicenseState, parse_license_state
from qhpc.slurm.parsers import NotUnderstood

LEVER, REMOTE = Lever(pool="fresnel"), Lever(pool="fresnel", method="resource")
LICENSES = """\
LicenseName=qpu_fresnel Total=1000 Used=600 Free=400 Reserved=1000 Remote=no
LicenseName=qpu_fresnel@openqat Total=1103 Used=0 Free=1103 Reserved=0 Remote=yes
"""
RESERVATIONS = (
    "ReservationName=openqat_fresnel StartTime=2026-11-28T12:48:13 EndTime=2026-11-28T13:48:13 Duration=01:00:00 "
    "Nodes=(null) NodeCnt=0 CoreCnt=0 Features=(null) PartitionName=(null) Flags=ANY_NODES TRES=(null) Users=root "
    "Groups=(null) Accounts=(null) Licenses=qpu_fresnel:1000 State=ACTIVE BurstBuffer=(null) Watts=n/a "
    "MaxStartDelay=(null)\n"
)
"""As Slurm 22.05 has printed them."""


def words(steps):
    return [" ".join(step) for step in steps]


def test_what_slurm_says_is_understood():
    assert parse_license_state(LEVER, LICENSES, RESERVATIONS) == LicenseState(total=1000, withheld=1000, used=600)
    assert parse_license_state(REMOTE, LICENSES, "") == LicenseState(total=1103, withheld=None, used=0)
    assert parse_license_state(Lever(pool="other"), LICENSES, "No reservations in the system\n") == LicenseState()
    with pytest.raises(NotUnderstood, match="Total=many"):
        parse_license_state(LEVER, "LicenseName=qpu_fresnel Total=many Used=0", "")


@pytest.mark.parametrize(
    ("seen", "units", "told"),
    [
        (LicenseState(total=1103), 1103, []),
        (LicenseState(total=1103), 2000, []),
        (LicenseState(), 0, []),
        (LicenseState(total=1103, withheld=1103), 0, []),
        (
            LicenseState(total=1103), 0,
            ["scontrol create reservation ReservationName=openqat_fresnel Licenses=qpu_fresnel:1103 StartTime=now "
             "Duration=60 Users=root Flags=LICENSE_ONLY"],
        ),
        (
            LicenseState(total=1103, withheld=7), 603,
            ["scontrol update ReservationName=openqat_fresnel Licenses=qpu_fresnel:500 EndTime=now+60minutes"],
        ),
        (LicenseState(total=1103, withheld=7), 1103, ["scontrol delete ReservationName=openqat_fresnel"]),
    ],
)  # fmt: skip
def test_a_reservation_keeps_what_is_not_to_be_handed_out(seen, units, told):
    assert words(LEVER.steps(seen, total=1103, units=units)) == told


def test_a_reservation_that_is_right_is_prolonged():
    seen = LicenseState(total=1103, withheld=1103)
    [step] = words(LEVER.steps(seen, total=1103, units=0, prolongs=True))
    assert step.startswith("scontrol update ") and step.endswith("Licenses=qpu_fresnel:1103 EndTime=now+60minutes")
    assert LEVER.steps(LicenseState(total=1103), total=1103, units=1103, prolongs=True) == []


def test_the_database_has_what_alpha_gives_and_a_reservation_what_is_away():
    change = (
        "sacctmgr --immediate modify resource where name=qpu_fresnel server=openqat set count=1503",
        "scontrol create reservation ReservationName=openqat_fresnel Licenses=qpu_fresnel@openqat:1503 StartTime=now "
        "Duration=60 Users=root Flags=LICENSE_ONLY",
    )
    assert words(REMOTE.steps(LicenseState(total=1103), total=1503, units=1503)) == [change[0]]
    assert words(REMOTE.steps(LicenseState(total=1503), total=1503, units=0)) == [change[1]]
    assert words(REMOTE.steps(LicenseState(total=2003), total=1503, units=0)) == list(change)
    assert words(REMOTE.steps(LicenseState(total=1503), total=1503, units=1503)) == []


def test_a_qpu_that_is_there_again_is_handed_out_before_the_database_is_asked_for_anything():
    steps = words(REMOTE.steps(LicenseState(total=1103, withheld=1103), total=1503, units=1503))
    assert [step.split()[0] for step in steps] == ["scontrol", "sacctmgr"] and " delete " in steps[0]


@pytest.mark.parametrize("lever", [LEVER, REMOTE])
@pytest.mark.parametrize("withheld", [None, 1, 1000])
@pytest.mark.parametrize(("total", "units"), [(1103, 1103), (1103, 0), (2206, 1103), (1103, 1400)])
def test_what_was_done_is_right(lever, withheld, total, units):
    """Slurm as a model: the commands lead where nothing is left to be done, in two looks at most."""
    seen = LicenseState(total=2206, withheld=withheld)
    for _ in range(2):
        for step in lever.steps(seen, total=total, units=units):
            seen = after(seen, step)
    assert lever.steps(seen, total=total, units=units) == []
    assert seen.total - (seen.withheld or 0) == units


def after(seen, step):
    if step[0] == "sacctmgr":
        return LicenseState(total=int(step[-1].removeprefix("count=")), withheld=seen.withheld)
    if step[1] == "delete":
        assert seen.withheld is not None
        return LicenseState(total=seen.total)
    assert (seen.withheld is None) == (step[1] == "create")
    [units] = [int(word.rpartition(":")[2]) for word in step if word.startswith("Licenses=")]
    assert units <= seen.total
    return LicenseState(total=seen.total, withheld=units)
