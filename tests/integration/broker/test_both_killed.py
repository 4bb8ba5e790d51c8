"""Broker and driver killed together, at random moments under load: no slice is begun twice, and accounts have all."""

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.live.drill_books import compared
from benchmarks.live.drill_load import is_number, number_job
from qat.core import Batch
from qat.core.errors import QPUException
from qat.qpus import SharedQPU
from qat.shared.sessions import close_sessions
from qhpc.broker.drivers.slice_log import logged_slices
from qhpc.broker.usage_reading import reading_usage

NB_KILLS, NB_SHOTS, BATCH = 8, 10, 6


@pytest.fixture
def broker(broker_of, tmp_path):
    options = f'shot_s = 0.001\n[qpus.q.faults]\nslice_log = "{tmp_path}/b.slices"'
    yield broker_of(driver="emulated", options=options, limits="recovery_s = 2.0").start()
    close_sessions()


def work(broker, stop, *, is_repeatable):
    """Batches one after the other; tells how many tasks were answered rightly, and why others failed."""
    qpu = SharedQPU("p", broker=f"unix:{broker.socket}", share=0.4 + 0.1 * is_repeatable, is_repeatable=is_repeatable)
    nb_right, failures, numbers = 0, [], list(range(BATCH))
    while not stop:
        batch = [number_job(number, NB_SHOTS) for number in numbers]
        jobs = [Batch(batch)] if is_repeatable else [Batch([job]) for job in batch]
        for part, of in zip(jobs, [numbers] if is_repeatable else [[number] for number in numbers], strict=True):
            try:
                results = qpu.submit(part)
            except QPUException as error:
                failures.append(error.message)
            else:
                nb_right += sum(is_number(result, number) for result, number in zip(results, of, strict=True))
    return nb_right, failures


def kill_both(broker, rng):
    driver = broker.wait_for_driver()
    time.sleep(rng.uniform(0.05, 0.4))  # the moment is what is tried
    os.kill(broker.process.pid, signal.SIGKILL)
    os.kill(driver, signal.SIGKILL)
    broker.process.wait(60)
    broker.start()
    broker.wait_for_driver(other_than=driver)


@pytest.mark.timeout(300)
def test_no_slice_is_begun_twice_and_what_must_not_run_twice_does_not(broker):
    rng, stop = random.Random(5), []
    with ThreadPoolExecutor() as pool:
        free, strict = (pool.submit(work, broker, stop, is_repeatable=each) for each in (True, False))
        for _ in range(NB_KILLS):
            kill_both(broker, rng)
        stop.append(True)
        nb_free, failed = free.result(timeout=120)
        nb_strict, strictly_failed = strict.result(timeout=120)
    close_sessions()
    assert broker.stop() == 0

    assert nb_free >= BATCH and nb_strict >= 1
    assert all("tried 3 times" in reason for reason in failed)  # cut three times in a row
    assert all("must not run twice" in reason for reason in strictly_failed)
    log = logged_slices(broker.directory.with_suffix(".slices"))
    with reading_usage(broker.directory / "usage.db") as reader:
        rows = list(reader.slices())
        strict_sessions = {row.session for row in reader.sessions() if row.share == 0.4}
    begun = Counter((line.key, line.number) for line in log if line.what == "begun")
    assert max(begun.values()) == 1, "a slice is begun once, by whichever driver"
    tasks = Counter(key for key, _ in begun)
    assert all(nb == 1 for key, nb in tasks.items() if key.rpartition("/")[0] in strict_sessions)
    booked = Counter(f"{row.session}/{row.key}" for row in rows)
    assert {key: booked[key] for key in tasks} == tasks, "each begin is in the accounts, charged or lost"
    books = compared(log, rows, {})
    assert (books.nb_again, books.run_twice, books.recorded_twice, books.invented, books.missing) == (0, [], [], [], [])
