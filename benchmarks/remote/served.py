"""A served QPU beside the same QPU in this process: what the way there and back costs.

    python -m benchmarks.remote.served [--repeats 2000]

Both run the same job, in turns, so that both see the same weather on the machine. Loopback, no TLS and TLS. Jobs are
repeated, as variational loops do, but for "new circuits": each of these is seen for the first time, here and there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice, pairwise, product, repeat
from pathlib import Path
from statistics import median, quantiles

from qat.core import Job, Observable
from qat.core.qpu import CommonQPU
from qat.lang.AQASM import CNOT, H, Program, X, Y, Z
from qat.qpus import LinAlg, RemoteQPU

SERVER = """
import sys
from qat.qpus import LinAlg
from qat.served import Server
server = Server(LinAlg(), 0, "localhost", None, *sys.argv[1:])
print(server.port, flush=True)
server.run()
"""
WARM_UP = 100


def ghz(nb_qubits: int) -> Job:
    """Exact samples of a GHZ state."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for left, right in pairwise(qubits):
        CNOT(left, right)
    return program.to_circ().to_job()


def unlike() -> Iterator[list[Job]]:
    """Jobs no two of which have the same gates."""
    for number in count(1):
        for names in product((H, X, Y, Z), repeat=number):
            program = Program()
            qubits = program.qalloc(4)
            for index, gate in enumerate(names):
                gate(qubits[index % 4])
            for left, right in pairwise(qubits):
                CNOT(left, right)
            yield [program.to_circ().to_job()]


def jobs() -> dict[str, list[Job]]:
    """What is submitted, by name."""
    small = ghz(4)
    energy = small.circuit.to_job(observable=Observable.sigma_z(0, 4) + Observable.sigma_x(1, 4))
    return {"4 qubits, samples": [small], "4 qubits, observable": [energy], "batch of 100": [small] * 100}


@contextmanager
def served(*certificate: str) -> Iterator[int]:
    """A server in a process of its own; gives its port."""
    with subprocess.Popen([sys.executable, "-c", SERVER, *certificate], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def timed(qpu: CommonQPU, batch: list[Job]) -> float:
    """Seconds of one submission."""
    begin = time.perf_counter()
    qpu.submit(batch)
    return time.perf_counter() - begin


def compare(name: str, qpus: dict[str, CommonQPU], batches: Iterator[list[Job]], repeats: int) -> None:
    """Print a row: medians and 99th percentiles in milliseconds, and the median of what is added."""
    taken = list(islice(batches, WARM_UP + repeats))
    rows = [[timed(qpu, batch) for qpu in qpus.values()] for batch in taken][WARM_UP:]
    for index, label in enumerate(qpus):
        column = [1e3 * row[index] for row in rows]
        added = median(1e3 * (row[index] - row[0]) for row in rows)
        p99 = quantiles(column, n=100)[-1]
        print(f"| {name} | {label} | {median(column):.3f} | {p99:.3f} | {added:+.3f} |")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote.served", description="Served QPUs, in ms.")
    parser.add_argument("--repeats", type=int, default=1000)
    options = parser.parse_args()
    import trustme

    with tempfile.TemporaryDirectory() as folder:
        authority, certificate = trustme.CA(), str(Path(folder, "server.pem"))
        authority.cert_pem.write_to_path(Path(folder, "ca.pem"))
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
        with served() as plain, served(certificate) as secured:
            qpus: dict[str, CommonQPU] = {
                "in this process": LinAlg(),
                "served": RemoteQPU(plain),
                "served, TLS": RemoteQPU(secured, ssl_ca=str(Path(folder, "ca.pem"))),
            }
            print("| job | QPU | median | p99 | added |\n|---|---|---|---|---|")
            for name, batch in jobs().items():
                compare(name, qpus, repeat(batch), options.repeats if len(batch) == 1 else options.repeats // 10)
            compare("4 qubits, new circuits", qpus, unlike(), options.repeats)


if __name__ == "__main__":
    main()
