"""How long things take to recover, told at the end: no test asserts a time."""

import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def recovery(record_property):
    """``with recovery("…"):`` keeps the seconds that the block took, which has to go well."""

    @contextmanager
    def timed(what):
        begin_s = time.monotonic()
        yield
        record_property("recovery", f"{what}: {time.monotonic() - begin_s:.1f} s")

    return timed


def pytest_terminal_summary(terminalreporter):
    """List them."""
    reports = terminalreporter.getreports("passed")
    told = [value for report in reports for name, value in report.user_properties if name == "recovery"]
    if told:
        terminalreporter.section("recovery")
        for line in dict.fromkeys(told):
            terminalreporter.write_line(line)
