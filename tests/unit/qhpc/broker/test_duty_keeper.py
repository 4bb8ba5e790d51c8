"""The table of duties on disk: whole or as it was, and nobody else's."""

import pytest

from qhpc.broker.duty_keeper import DutyKeeper
from qhpc.broker.usage_rows import SessionRow
from qhpc.slurm.duty_table import NoDutyTable, table_in, table_text

VQE = ("ada", "p", "vqe")


def rows(used_s, numbers=range(3), job=1):
    return [
        SessionRow(
            f"ada:{number}", 1e6 * number, "ada", "", job and number, "p", 0.25, 1e6 * number + 100.0, used_s, 0.0, 0.0,
            "ended", "vqe",
        )
        for number in numbers
    ]  # fmt: skip


@pytest.fixture
def path(tmp_path):
    tmp_path.chmod(0o755)
    return tmp_path / "duties"


def kept(keeper):
    """Write if it is due; whether it was."""
    is_due = keeper.is_due()
    keeper.write()
    return is_due


def test_it_is_there_from_the_beginning_and_changes_when_jobs_need_something_else(path):
    keeper = DutyKeeper(path)
    assert kept(keeper) and table_in(path.read_text()) == {}
    keeper.count_rows(rows(12.0))
    assert kept(keeper) and table_in(path.read_text()) == {VQE: 130}
    keeper.count_rows(rows(13.0, range(3, 12)))
    assert not kept(keeper) and table_in(path.read_text()) == {VQE: 130}
    keeper.count_rows(rows(40.0, range(12, 21)))
    assert kept(keeper) and table_in(path.read_text()) == {VQE: 408}
    assert path.stat().st_mode & 0o777 == 0o644 and list(path.parent.iterdir()) == [path]


def test_the_next_broker_goes_on_with_it(path):
    path.write_text(table_text({VQE: 120}))
    keeper = DutyKeeper(path, rows(13.0))
    assert not kept(keeper) and keeper.units == {VQE: 120}
    keeper.count_rows(rows(12.0, range(3, 6)))
    assert not kept(keeper)


def test_what_nobody_has_run_for_long_is_not_said_any_more(path):
    path.write_text(table_text({VQE: 120, ("bob", "p", "old"): 70}))
    keeper = DutyKeeper(path, rows(13.0))
    assert kept(keeper) and table_in(path.read_text()) == {VQE: 120}


@pytest.mark.parametrize(
    "text", ["", "whatever", table_text({VQE: 120})[:-5], table_text({VQE: 120}).replace("2", "3")]
)
def test_a_spoilt_one_is_begun_anew(path, text, caplog):
    path.write_text(text)
    assert kept(DutyKeeper(path)) and table_in(path.read_text()) == {}
    assert "is begun anew" in caplog.text


def test_sessions_outside_of_slurm_tell_nothing(path):
    keeper = DutyKeeper(path)
    keeper.count_rows([row._replace(slurm_job=None) for row in rows(12.0)])
    assert kept(keeper) and keeper.units == {}


def test_a_folder_of_others_is_not_written_into(path, caplog):
    path.parent.chmod(0o777)
    keeper = DutyKeeper(path)
    for _ in range(3):
        assert kept(keeper)
    assert not path.exists() and "chmod go-w" in keeper.trouble and len(caplog.records) == 1
    path.parent.chmod(0o755)
    assert kept(keeper) and not kept(keeper) and keeper.trouble == ""


def test_what_somebody_else_left_in_its_place_is_replaced(path, tmp_path):
    other = tmp_path / "other"
    other.write_text("as it was")
    (tmp_path / ".duties.new").symlink_to(other)
    assert kept(DutyKeeper(path))
    assert other.read_text() == "as it was" and not path.is_symlink()


def test_text_that_is_no_table():
    for text in ("", "openqat-duties 1 00\nend\n", table_text({VQE: 1}) + "more\n"):
        with pytest.raises(NoDutyTable):
            table_in(text)
