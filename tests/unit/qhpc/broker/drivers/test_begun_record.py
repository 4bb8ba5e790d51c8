"""What a driver has begun is known to the one after it, whatever killed it, unless the machine died."""

import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.broker.drivers import begun_record
from qhpc.broker.drivers.begun_record import BegunRecord, Past


@pytest.fixture
def path(tmp_path):
    return tmp_path / "q.begun"


def past(path, incarnation="last"):
    return BegunRecord(path, incarnation).past


def test_the_first_driver_knows_nothing(path):
    assert past(path) == Past() and path.stat().st_mode & 0o777 == 0o600


def test_drivers_know_what_those_before_them_have_begun(path):
    first = BegunRecord(path, "i1")
    first.begins("a/t", 1)
    first.begins("a/u", 1)
    first.told("a/u", 1)
    second = BegunRecord(path, "i2")
    assert second.past == Past((("a/t", 1),), ("i1",))
    second.begins("a/u", 2)
    assert past(path) == Past((("a/t", 1), ("a/u", 2)), ("i1", "i2"))


def test_what_was_told_once_is_over(path):
    first = BegunRecord(path, "i1")
    first.begins("a/t", 1)
    second = BegunRecord(path, "i2")
    second.told("a/t", 1)
    second.told("a/t", 1)
    second.told("never/begun", 1)
    assert past(path) == Past((), ("i1", "i2"))


def test_only_the_last_incarnations_are_kept(path):
    for number in range(30):
        BegunRecord(path, f"i{number}")
    assert past(path).former == tuple(f"i{number}" for number in range(13, 30))


def test_after_another_boot_nobody_is_sure(path, monkeypatch):
    BegunRecord(path, "i1").begins("a/t", 1)
    monkeypatch.setattr(begun_record, "_boot", lambda: "another")
    assert past(path) == Past((("a/t", 1),), ())


@pytest.mark.parametrize("line", ["what", "[1]", '["begun", "a/t"]', '["begun", 1, "a/t"]', "{}"])
def test_a_spoilt_record_is_not_believed(path, line):
    BegunRecord(path, "i1").begins("a/t", 1)
    with path.open("a") as file:
        file.write(f"{line}\n")
    assert past(path) == Past((("a/t", 1),), ())


@given(st.integers(1, 40))
def test_a_line_that_was_torn_was_never_said(tmp_path_factory, nb_bytes):
    path = tmp_path_factory.mktemp("torn") / "q.begun"
    BegunRecord(path, "i1").begins("a/t", 1)
    whole = path.read_bytes()
    path.write_bytes(whole + json.dumps(["begun", "a/uvwxyz", 12345]).encode()[:nb_bytes])
    found = past(path)
    assert found == Past((("a/t", 1),), ("i1",))
    assert past(path, "next").former == ("i1", "last")


def test_a_long_record_is_made_short(path, monkeypatch):
    monkeypatch.setattr(begun_record, "_MAX_BYTES", 4000)
    record = BegunRecord(path, "i1")
    record.begins("a/open", 1)
    for number in range(1000):
        record.begins("a/t", number)
        record.told("a/t", number)
        assert path.stat().st_size < 4200
    assert past(path) == Past((("a/open", 1),), ("i1",))
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_says_so_and_leaves_the_record_whole(path):
    code = f"""
import resource, signal
from pathlib import Path
from qhpc.broker.drivers.begun_record import BegunRecord
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
record = BegunRecord(Path({str(path)!r}), "i1")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
number = 0
try:
    while True:
        record.begins("a/t", number)
        number += 1
except OSError:
    print(number)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert past(path) == Past(tuple(("a/t", number) for number in range(int(done.stdout))), ("i1",))


def test_it_survives_kill_9_without_any_flush(path):
    code = f"""
import os, signal
from pathlib import Path
from qhpc.broker.drivers.begun_record import BegunRecord
BegunRecord(Path({str(path)!r}), "i1").begins("a/t", 1)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert past(path) == Past((("a/t", 1),), ("i1",))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OSError, match=os.strerror(2)):
        BegunRecord(tmp_path / "absent" / "q.begun", "i1")
