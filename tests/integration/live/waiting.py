"""Waiting for what will happen, and no longer than that."""

import time

LIMIT_S = 60.0


def until(found, what):
    """What ``found`` gives when it gives something; it is asked again and again."""
    deadline_s = time.monotonic() + LIMIT_S
    while not (value := found()):
        assert time.monotonic() < deadline_s, f"{what}: not within {LIMIT_S:g} s"
        time.sleep(0.05)
    return value
