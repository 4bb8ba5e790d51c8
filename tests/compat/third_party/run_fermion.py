"""Does the public package myqlm-fermion run on this implementation? Not part of ``make test``: it installs from PyPI.

    python -m tests.compat.third_party.run_fermion [words of the programs wanted] [--python EXECUTABLE]

Makes a virtual environment in a temporary directory, installs this checkout and myqlm-fermion with what it needs
(``--no-deps``, since it asks for the closed packages), runs ``fermion_programs.py`` there and prints a table. With
``--python``, uses an environment that already has all this. The exit status is the number of programs that failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(__file__).with_name("fermion_programs.py")
NEEDED = ("anytree", "bitstring", "tqdm")
PACKAGE = "myqlm-fermion"
TIMEOUT_S = 1800
MISSING = """Not run, and why:
  perform_pyscf_computation   needs PySCF; the integrals of H2 are given instead
  NoisyQProc, qat.hardware    noisy simulation is not here yet; extrapolation is tried on a QPU that damps values
  make_compressed_ldca_circ   compresses with qat.pbo, which is not here yet; warns, gives the uncompressed circuit
  n_adiab_steps > 0           measures within the circuit; refused by exact simulation (nbshots=0), as published
"""


def environment(folder: Path) -> str:
    """A new environment with this checkout and the package; its python."""
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install(python, str(ROOT), *NEEDED)
    install(python, "--no-deps", PACKAGE)
    return python


def install(python: str, *what: str) -> None:
    """Install with pip."""
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what], check=True)


def outcomes(python: str, words: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What each program found, as it finishes."""
    command = [python, str(PROGRAMS), *words]
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=settings)
        assert process.stdout is not None
        yield from (json.loads(line) for line in process.stdout if line.startswith("{"))
        if process.wait(TIMEOUT_S):
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read()[-2000:]}")


def has_passed(outcome: dict[str, Any]) -> bool:
    """Whether the program ran and found the right value."""
    return "error" not in outcome and abs(outcome["value"] - outcome["exact"]) <= outcome["tolerance"]


def row(outcome: dict[str, Any]) -> str:
    """A line of the table."""
    start = f"{'ok' if has_passed(outcome) else 'FAILED':6} {outcome['seconds']:6.1f} s  {outcome['what']:74}"
    if "error" in outcome:
        return f"{start} {outcome['error']}"
    return f"{start} {outcome['value']:13.8f} {outcome['exact']:13.8f} {outcome['tolerance']:8.1g}"


def report(found: Iterator[dict[str, Any]]) -> int:
    """Print the table; the number of programs that failed."""
    print(f"{'':6} {'time':>8}  {'program':74} {'value':>13} {'exact':>13} {'allowed':>8}")
    passed = []
    for outcome in found:
        print(row(outcome), flush=True)
        passed.append(has_passed(outcome))
    print(f"{sum(passed)} of {len(passed)} programs of {PACKAGE} users run and agree")
    print(MISSING)
    return passed.count(False) if passed else 1


def main() -> int:
    """Make the environment, run the programs, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("words", nargs="*", help="only programs with one of these words in their description")
    parser.add_argument("--python", help="an environment that has everything installed")
    options = parser.parse_args()
    if options.python:
        return report(outcomes(options.python, options.words))
    with tempfile.TemporaryDirectory() as folder:
        return report(outcomes(environment(Path(folder)), options.words))


if __name__ == "__main__":
    sys.exit(main())
