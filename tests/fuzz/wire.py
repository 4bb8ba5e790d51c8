"""A coverage-guided fuzzer of everything that decodes bytes from elsewhere; needs ``pip install atheris``.

    python -m tests.fuzz.wire -max_total_time=300 [libFuzzer options]

The input's first byte chooses the decoder. Payloads get a right checksum, so that the fuzzer sees past the envelope.
Whatever comes, the decoder answers with a value or a ``WireError``, within five seconds and 2 GB.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:  # also where the tests of this folder are collected
    atheris = None

from qat import core
from qat.comm.arguments import decode_argument, encode_argument
from qat.comm.framing import FrameDecoder
from qat.comm.wire import decode, encode
from qat.comm.wire.codec import KINDS
from qat.comm.wire.envelope import seal, unseal
from qat.core import Batch, BatchResult, Circuit, HardwareSpecs, Observable, Schedule, Variable
from qat.core.errors import QPUException, ServiceError, WireError
from qat.lang.AQASM import CNOT, RX, H, Program
from qat.qpus import LinAlg
from qat.served.protocol import Call, frame_of, message_in

CLASSES = {kind.number: getattr(core, kind.name) for kind in KINDS if hasattr(core, kind.name)} | {10: ServiceError}
_ARGUMENT, _FRAMES, _RAW = 200, 201, 202


def values() -> Iterator[Any]:
    """One value of every kind, to begin with."""
    program = Program()
    qubits = program.qalloc(3)
    bits = program.calloc(1)
    H(qubits[0])
    RX(program.new_var(float, "a"))(qubits[1])
    CNOT(qubits[0], qubits[2])
    program.measure(qubits[0], bits[0])
    circuit = program.to_circ()
    observable = Observable.sigma_z(0, 3) * Variable("b") + Observable.sigma_x(1, 3)
    bell = Program()
    pair = bell.qalloc(2)
    H(pair[0])
    CNOT(pair)
    job = bell.to_circ().to_job()
    yield from (circuit, circuit.to_job(observable=observable), Batch([job], meta_data={"a": "b"}), observable)
    yield from (LinAlg().submit(job), BatchResult([LinAlg().submit(job)]), HardwareSpecs(nbqbits=3), Circuit.empty(2))
    yield Schedule(drive=[(1, Observable.sigma_z(0, 1))], tmax=3.0)
    yield QPUException(1, "module", "message")


def corpus() -> Iterator[bytes]:
    """Inputs to begin with."""
    for value in values():
        number, payload = unseal(encode(value))
        yield bytes([number]) + bytes(payload)
    _, payload = unseal(encode_argument({"x": [1, 2.5, (3j,), {"y"}], "batch": Batch([])}, "a seed"))
    yield bytes([_ARGUMENT]) + bytes(payload)
    yield bytes([_FRAMES]) + frame_of(Call.of("submit", Batch([]), k=1.5)) * 2
    yield bytes([_RAW]) + encode(Circuit.empty(1))


def read(data: bytes) -> None:
    """Decode an input."""
    choice, rest = (data[0] if data else _RAW), data[1:]
    if choice == _ARGUMENT:
        decode_argument(seal(_argument_kind(), rest))
    elif choice == _FRAMES:
        for frame in FrameDecoder(1 << 20).feed(rest):
            message = message_in(frame.kind, frame.payload)
            if isinstance(message, Call):
                message.values()
    elif choice in CLASSES:
        decode(seal(choice, rest), CLASSES[choice])
    else:
        decode(rest, Circuit)


def _argument_kind() -> int:
    number, _ = unseal(encode_argument(None, "nothing"))
    return number


def once(data: bytes) -> None:
    """One input; anything but a ``WireError`` is a finding."""
    try:
        read(data)
    except WireError:
        return


def main(look: Callable[[bytes], None] = once) -> None:
    """Run the fuzzer."""
    if atheris is None:
        sys.exit("This fuzzer needs atheris: pip install atheris")
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(corpus()):
            Path(folder, f"seed{number}").write_bytes(seed)
        limits = ["-timeout=5", "-rss_limit_mb=2048", "-max_len=4096"]
        atheris.instrument_all()
        atheris.Setup([sys.argv[0], *limits, *sys.argv[1:], folder], look)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
