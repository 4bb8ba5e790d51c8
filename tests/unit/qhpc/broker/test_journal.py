"""The journal: nothing that was said to be safe is lost, whatever kills the writer."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event as Flag
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.broker.facts import Record
from qhpc.broker.journal import FORMAT, DamagedJournal, Journal, JournalError, JournalTooNew
from qhpc.broker.records import record, records_in
from qhpc.scheduling.events import PoolAdded, SessionOpened, TaskSubmitted, TimePassed
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import Pool, Session, Task

from .journal_records import FORMATS, RECORDED

LIMIT_S = 30.0
EVENTS = [
    PoolAdded(0.0, Pool(name="p", qpus=("q",), slice_s=3.0)),
    SessionOpened(1.0, Session(id="s", user="ada", account="a", pool="p", share=0.25)),
    TaskSubmitted(2.0, Task(key="t", session="s", duration_s=5.0, shots=7, is_sliceable=True)),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def write(path, *events):
    with Journal(path) as journal:
        journal.wait(journal.append(*events), LIMIT_S)


def test_a_machine_goes_on_where_it_was(path):
    write(path, *EVENTS)
    machine = Machine()
    with Journal(path) as journal:
        assert list(journal.past) == EVENTS
        instructions = machine.handle(*journal.past)
    assert instructions == Machine().handle(*EVENTS)


def test_it_grows_from_run_to_run(path):
    write(path, *EVENTS)
    write(path, TimePassed(9.0))
    with Journal(path) as journal:
        assert list(journal.past) == [*EVENTS, TimePassed(9.0)]
        assert journal.append() == 4 and journal.safe(4) and not journal.safe(5)


def test_it_is_private(path):
    write(path, *EVENTS)
    assert path.stat().st_mode & 0o777 == 0o600


@given(st.integers(0, 200))
def test_a_torn_end_is_cut_off(tmp_path_factory, nb_lost):
    path = tmp_path_factory.mktemp("torn") / "journal"
    write(path, *EVENTS)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(len(whole) - nb_lost, 0)])
    with Journal(path) as journal:
        nb_kept = len(journal.past)
        assert list(journal.past) == EVENTS[:nb_kept]
        assert nb_kept == 3 or nb_lost
        journal.wait(journal.append(TimePassed(9.0)), LIMIT_S)
    with Journal(path) as journal:
        assert list(journal.past) == [*EVENTS[:nb_kept], TimePassed(9.0)]


def test_damage_in_the_middle_is_not_passed_over(path):
    write(path, *EVENTS)
    data = bytearray(path.read_bytes())
    data[int.from_bytes(data[:4], "little") + 8 + 12] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedJournal, match="was changed: move it away"):
        Journal(path)


@pytest.mark.parametrize("payload", [b"something else", b"qhpc-journal-x", b"qhpc-journal-2of openqat"])
def test_files_that_are_no_journal(path, payload):
    path.write_bytes(record(payload))
    with pytest.raises(DamagedJournal, match="is no journal of a broker"):
        Journal(path)


def test_a_journal_of_a_later_version_says_which(path):
    path.write_bytes(record(f"qhpc-journal-{FORMAT + 1} openqat 99.1".encode()) + record(b"what nobody knows"))
    with pytest.raises(
        JournalTooNew, match=rf"by openqat 99\.1 in format {FORMAT + 1}.* start the broker of openqat 99"
    ):
        Journal(path)
    assert b"what nobody knows" in path.read_bytes()


@pytest.mark.parametrize("number", FORMATS)
def test_journals_of_all_formats_are_read_and_become_of_this_one(path, number):
    path.write_bytes((RECORDED / f"journal-{number}").read_bytes())
    for _ in range(2):
        with Journal(path) as journal:
            assert list(journal.past) == FORMATS[number]
            assert records_in(path.read_bytes()).payloads[0].startswith(b"qhpc-journal-%d openqat" % FORMAT)


def test_a_record_that_changes_needs_a_new_format(path):
    """If this fails, raise FORMAT and record a journal of it: ``python -m tests.unit.qhpc.broker.journal_records``."""
    assert {type(each) for each in FORMATS[FORMAT]} == set(get_args(Record))
    write(path, *FORMATS[FORMAT])
    written, recorded = path.read_bytes(), (RECORDED / f"journal-{FORMAT}").read_bytes()
    assert records_in(written).payloads[1:] == records_in(recorded).payloads[1:]


def test_a_former_journal_that_cannot_be_rewritten_is_left_as_it_is(path):
    former = (RECORDED / "journal-1").read_bytes()
    path.write_bytes(former)
    path.with_suffix(".new").mkdir()
    with pytest.raises(IsADirectoryError):
        Journal(path)
    assert path.read_bytes() == former


def test_an_event_of_another_version(path):
    write(path)
    with path.open("ab") as file:
        file.write(record(b"\x92\xa7Unknown\x01"))
    with pytest.raises(DamagedJournal, match="has a record that cannot be read"):
        Journal(path)


def test_writers_are_told_what_is_safe(path):
    numbers, done = [], Flag()

    def on_safe(number):
        numbers.append(number)
        if number == 100:
            done.set()

    with Journal(path, on_safe) as journal:
        for i in range(100):
            journal.append(TimePassed(float(i)))
        assert done.wait(LIMIT_S)
    assert numbers == sorted(numbers) and len(numbers) <= 100


def test_a_closed_journal_takes_nothing(path):
    journal = Journal(path)
    journal.close()
    with pytest.raises(JournalError, match="is closed"):
        journal.append(TimePassed(1.0))


def test_a_short_journal_takes_the_place_of_a_long_one(path):
    with Journal(path) as journal:
        journal.wait(journal.append(*EVENTS, *(TimePassed(float(i)) for i in range(1000))), LIMIT_S)
        nb_bytes = journal.nb_bytes
        journal.rewrite(EVENTS)
        number = journal.append(TimePassed(2000.0))
        assert number == 1004
        journal.wait(number, LIMIT_S)
        assert journal.nb_bytes == path.stat().st_size < nb_bytes / 10
    with Journal(path) as journal:
        assert list(journal.past) == [*EVENTS, TimePassed(2000.0)]
    assert path.stat().st_mode & 0o777 == 0o600 and list(path.parent.iterdir()) == [path]


def test_what_is_appended_after_a_short_journal_was_ordered_is_kept(path):
    with Journal(path) as journal:
        journal.append(*EVENTS)
        journal.rewrite(EVENTS[:1])
        journal.wait(journal.append(TimePassed(5.0)), LIMIT_S)
    with Journal(path) as journal:
        assert journal.past[-1] == TimePassed(5.0)


def test_a_journal_that_cannot_be_rewritten_stays(path, caplog):
    path.with_suffix(".new").mkdir()
    with Journal(path) as journal:
        journal.append(*EVENTS)
        journal.rewrite([])
    with Journal(path) as journal:
        assert list(journal.past) == EVENTS
    assert "goes on growing" in caplog.text


def test_a_full_disk_is_told_and_nothing_more_is_promised(path):
    code = f"""
import resource, signal, sys
from pathlib import Path
from qhpc.broker.journal import Journal, JournalError
from qhpc.scheduling.events import TimePassed
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, {resource.RLIM_INFINITY}))
journal, safe = Journal(Path({str(path)!r})), 0
try:
    while True:
        journal.wait(number := journal.append(TimePassed(float(safe))), 10.0)
        safe = number
except JournalError as error:
    print(safe, "cannot be written" in str(error))
try:
    journal.append(TimePassed(0.0))
except JournalError:
    print("refused")
journal.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_S)
    safe, told, refused = done.stdout.split()
    assert (told, refused) == ("True", "refused")
    with Journal(path) as journal:
        assert list(journal.past) == [TimePassed(float(i)) for i in range(int(safe))]


def test_what_was_safe_survives_kill_9(path):
    code = f"""
from pathlib import Path
from qhpc.broker.journal import Journal
from qhpc.scheduling.events import TimePassed
journal, number = Journal(Path({str(path)!r})), 0
while True:
    journal.wait(number := journal.append(*(TimePassed(float(number + i)) for i in range(3))), 10.0)
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
        told = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split()]
    with Journal(Path(path)) as journal:
        assert len(journal.past) >= told[-1]
        assert list(journal.past) == [TimePassed(float(i)) for i in range(len(journal.past))]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.binary(max_size=6))
def test_records(payloads, rest):
    data = b"".join(map(record, payloads))
    found = records_in(data + rest)
    assert found.payloads == payloads and found.nb_bytes == len(data)
