"""The fuzzers of this folder over and over with new seeds, until time is up or something is found: ``make fuzz``.

python -m tests.fuzz --minutes 5 --seed 1 --only test_states
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import time
import warnings
from collections.abc import Callable
from typing import Any

import hypothesis


def fuzzers(only: str) -> dict[str, Callable[[], Any]]:
    """The tests made by hypothesis whose names contain ``only``."""
    hypothesis.settings.register_profile("fuzz", deadline=None, database=None, derandomize=False)
    hypothesis.settings.load_profile("fuzz")
    from tests.fuzz import test_plans, test_raw_calls  # with the settings that hold now

    tests = {name: test for module in (test_plans, test_raw_calls) for name, test in vars(module).items()}
    return {name: test for name, test in tests.items() if only in name and _is_random(test)}


def _is_random(test: Any) -> bool:
    return bool(getattr(test, "is_hypothesis_test", False))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Look for crashes and wrong answers.")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (5)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round; printed")
    parser.add_argument("--only", default="", help="part of the name of a fuzzer")
    options = parser.parse_args()
    chosen = fuzzers(options.only)
    if not chosen:
        parser.error(f"no fuzzer has {options.only!r} in its name; there are: {', '.join(fuzzers(''))}")
    faulthandler.enable()
    warnings.simplefilter("error")
    end = time.monotonic() + 60 * options.minutes
    for seed in itertools.count(options.seed):
        print(f"seed {seed}", flush=True)
        for name, test in chosen.items():
            if time.monotonic() > end:
                print(f"nothing found from seed {options.seed} on")
                return
            print(f"  {name}", flush=True)  # after a crash, the last name and seed repeat it
            hypothesis.seed(seed)(test)()


if __name__ == "__main__":
    main()
