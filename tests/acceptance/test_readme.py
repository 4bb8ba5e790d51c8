"""The programs of the README run and print what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = re.findall(r"```python\n((?s:.*?))```\n\n((?:    .*\n)+)", (ROOT / "README.md").read_text())


@pytest.mark.parametrize(("program", "output"), PROGRAMS)
def test_program(program, output):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stderr == "" and run.stdout == re.sub("^    ", "", output, flags=re.MULTILINE)


def test_the_mission_comes_first():
    assert len(PROGRAMS) >= 1
    assert "stack = ScipyMinimizePlugin() | LinAlg()\nresults = stack.submit(jobs)\n" in PROGRAMS[0][0]
