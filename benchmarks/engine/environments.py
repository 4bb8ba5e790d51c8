"""Makes the virtual environment of every peer, so that none of them sees the packages of another.

    python -m benchmarks.engine.environments DIR [--peers qulacs,aer]

One environment per peer, ``DIR/NAME``, with the versions pinned in :data:`PINNED`. A peer that cannot be installed is
reported, the others are made all the same; the exit status is the number of failures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

PINNED: dict[str, tuple[str, ...]] = {
    "qulacs": ("qulacs==0.6.14", "numpy<3"),
    "aer": ("qiskit==2.6.2", "qiskit-aer==0.18.2"),
    "lightning": ("pennylane==0.45.0", "pennylane-lightning==0.45.0"),
    "kokkos": ("pennylane==0.45.0", "pennylane-lightning-kokkos==0.45.0"),
    "qsim": ("cirq-core==1.7.0", "qsimcirq==0.22.1"),
    "scaluq": ("scaluq==0.2.0", "numpy<3"),
    "mindquantum": ("mindquantum==0.12.0", "numpy<3"),
}
"""What is installed for each peer."""


def python_of(folder: Path, name: str) -> Path:
    """The interpreter of an environment.

    >>> python_of(Path("peers"), "aer").as_posix()
    'peers/aer/bin/python'
    """
    return folder / name / "bin" / "python"


def make_environment(folder: Path, name: str) -> str | None:
    """Make the environment of one peer.

    Returns:
        ``None``, or the last line of what went wrong.
    """
    venv.create(folder / name, with_pip=True)
    command = [str(python_of(folder, name)), "-m", "pip", "install", "--quiet", *PINNED[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]


def main() -> int:
    """Make the environments asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", default=",".join(PINNED), help="names separated by commas")
    options = parser.parse_args()
    failures = {name: make_environment(options.folder, name) for name in options.peers.split(",")}
    for name, failure in failures.items():
        print(f"{name:12} {failure or 'installed: ' + ', '.join(PINNED[name])}")
    return sum(failure is not None for failure in failures.values())


if __name__ == "__main__":
    sys.exit(main())
