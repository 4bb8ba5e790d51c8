"""Runs random programs with whatever implementation of the published API this interpreter has; prints JSON.

Published names only, so that the same files run in either environment: ``python worker.py FIRST LAST QPU_NAME``. One
line per case: seed, kind, gates and the numbers (or texts) to compare.
"""

import json
import random
import sys
import warnings

import circuit_cases
import language_cases
import value_cases

import qat.qpus

KINDS = (*circuit_cases.KINDS, *language_cases.KINDS, *value_cases.KINDS)


def run_case(seed, qpu):
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    line = {"seed": seed, "kind": kind.__name__}
    try:
        gates, numbers = kind(rng, qpu)
    except Exception as error:  # a failing case is a result to compare
        return {**line, "error": f"{type(error).__name__}: {error}"}
    return {**line, "gates": gates, "numbers": numbers}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    first, last, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    engine = getattr(qat.qpus, name)()
    for number in range(first, last):
        print(json.dumps(run_case(number, engine)), flush=True)
