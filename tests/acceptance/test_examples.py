"""Every example runs as its docstring says and prints what it promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROMISES = {
    "analog_schedule": r"3 atoms, 4\.0 us, 3 terms in \['t'\]",
    "custom_plugin": r"<Z> = 0\.4[45]\d\d \+- 0\.0050 after \d+ rounds",
    "generator": r"phase 0\.6367 = 0\.1010001100",
    "grover": r"\|01100111>  49\.78 %\n  \|10110010>  49\.78 %",
    "hybrid_job": r"VQE +-1\.13727\d+ hartree\nexact +-1\.137270175 hartree",
    "junction": r"theta = 1\.57079\d .*22 runs",
    "maxcut_qaoa": r"17 marriages \(the maximum is 17\)",
    "neutral_atoms_beside_slurm": r"set has 3 points: [01]{6}, in \d+% of the shots(.|\n)*3 jobs shared the QPU",
    "order_finding": r"the order is 4: 7\*\*4 = 1 \(mod 15\)\nfactors of 15: 3 and 5",
    "remote_vqe": r"VQE +-1\.13727\d+ hartree\nexact +-1\.137270175 hartree",
    "shared_qpu": r"of the four jobs: -[01]\.\d\d -[01]\.\d\d -[01]\.\d\d -[01]\.\d\d\natoms-1 .*a.*b.*c.*d.*\na .*━",
    "vqe_molecule": r"VQE +-7\.88217\d+ hartree\nexact +-7\.882175991 hartree",
}


def test_every_example_is_listed():
    assert {path.stem for path in EXAMPLES.glob("*.py")} - {"chemistry", "own_server"} == set(PROMISES)


@pytest.mark.parametrize("name", PROMISES)
def test_example(name):
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        capture_output=True, text=True, timeout=100, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(PROMISES[name], done.stdout), done.stdout
