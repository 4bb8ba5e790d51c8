"""The command line: circuits from text and back, jobs run from files, files shown.

Installed as ``aqasm2circ``, ``circ2aqasm``, ``qat-jobrun``, ``qat-batchrun``, ``qat-resprint``, ``qat-circstat`` and
``qat-circprint``. Each takes ``--help``; mistakes end with one line on standard error and exit status 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

Arguments = Sequence[str] | None


def _reporting_mistakes(command: Callable[[Arguments], None]) -> Callable[[Arguments], None]:
    """The command, ending with one line instead of a traceback where files or their content are at fault."""

    @wraps(command)
    def run(arguments: Arguments = None) -> None:
        from qat.core.errors import QatError

        try:
            command(arguments)
        except (OSError, ImportError, AttributeError, ValueError, TypeError, QatError) as error:
            sys.exit(f"{_script(command)}: {error}")

    return run


def _script(command: Callable[..., None]) -> str:
    """The name under which a command is installed."""
    return command.__name__ if "2" in command.__name__ else f"qat-{command.__name__}"


# ---------------------------------------------------------------- text and circuits
@_reporting_mistakes
def aqasm2circ(arguments: Arguments = None) -> None:
    """Compile AQASM text into a circuit file (``FILE.circ`` by default)."""
    parser = argparse.ArgumentParser("aqasm2circ", description=aqasm2circ.__doc__)
    parser.add_argument("file", metavar="AQASM_FILE")
    parser.add_argument("outfile", metavar="OUTFILE", nargs="?")
    parser.add_argument("--full-matrices", action="store_true", help="keep the matrices of all gates")
    parser.add_argument("--no-default-gateset", action="store_true", help="know only the gates the text defines")
    parser.add_argument("--no-inline", action="store_true", help="keep linked gates as boxes")
    parser.add_argument("-L", dest="link", metavar="MODULE", action="append", default=[], help="link a library")
    options = parser.parse_args(arguments)
    from qat.lang.AQASM.text import text_to_circuit

    circuit = text_to_circuit(
        Path(options.file).read_text(encoding="utf-8"),
        include_matrices=options.full_matrices,
        default_gate_set=not options.no_default_gateset,
        link=[import_module(name) for name in options.link],
        inline=not options.no_inline,
    )
    circuit.dump(options.outfile or f"{options.file}.circ")


@_reporting_mistakes
def circ2aqasm(arguments: Arguments = None) -> None:
    """Write a circuit file as AQASM text (``FILE.aqasm`` by default)."""
    parser = argparse.ArgumentParser("circ2aqasm", description=circ2aqasm.__doc__)
    parser.add_argument("file", metavar="CIRC_FILE")
    parser.add_argument("outfile", metavar="OUTFILE", nargs="?")
    options = parser.parse_args(arguments)
    from qat.core import Circuit
    from qat.lang.AQASM.text import circuit_to_text

    text = circuit_to_text(Circuit.load(options.file))
    Path(options.outfile or f"{options.file}.aqasm").write_text(text, encoding="utf-8")


@_reporting_mistakes
def circstat(arguments: Arguments = None) -> None:
    """Count the operations of a circuit file."""
    parser = argparse.ArgumentParser("qat-circstat", description=circstat.__doc__)
    parser.add_argument("file", metavar="FILE")
    options = parser.parse_args(arguments)
    from qat.core import Circuit

    statistics = Circuit.load(options.file).statistics()
    print("== Quantum gates ==", *_lines(statistics.pop("gates")), "== Other ==", *_lines(statistics), sep="\n")


@_reporting_mistakes
def circprint(arguments: Arguments = None) -> None:
    """Draw a circuit file, as text on standard output or into an SVG file."""
    parser = argparse.ArgumentParser("qat-circprint", description=circprint.__doc__)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("outfile", metavar="OUTFILE", nargs="?", help="where to draw; .svg is added when missing")
    options = parser.parse_args(arguments)
    from qat.core import Circuit
    from qat.display.show import save, text

    circuit = Circuit.load(options.file)
    if options.outfile is None:
        print(text(circuit))
    else:
        save(circuit, str(Path(options.outfile).with_suffix(".svg")))


# ---------------------------------------------------------------- jobs and results
@_reporting_mistakes
def jobrun(arguments: Arguments = None) -> None:
    """Run a job file."""
    from qat.core import Job

    options = _run_options("qat-jobrun", "JOB", jobrun.__doc__, arguments)
    stack = _stack(options)
    job = Job.load(options.file)
    result = stack.submit_job(job) if options.skip_plugins else stack.submit(job)
    _deliver([result], result, options.output)


@_reporting_mistakes
def batchrun(arguments: Arguments = None) -> None:
    """Run a file with a batch of jobs."""
    from qat.core import Batch, BatchResult

    options = _run_options("qat-batchrun", "BATCH", batchrun.__doc__, arguments)
    stack, batch = _stack(options), Batch.load(options.file)
    results = BatchResult(results=[stack.submit_job(job) for job in batch]) if options.skip_plugins else None
    results = stack.submit(batch) if results is None else results
    _deliver(results, results, options.output, title="Result of job #{}")


@_reporting_mistakes
def resprint(arguments: Arguments = None) -> None:
    """Show a file with a result, or with the results of a batch."""
    parser = argparse.ArgumentParser("qat-resprint", description=resprint.__doc__)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("-N", "--nbqbits", type=int, help="how many qubits a state has")
    parser.add_argument("-b", "--batch", action="store_true", help="the file holds the results of a batch")
    options = parser.parse_args(arguments)
    from qat.core import BatchResult, Result

    found = BatchResult.load(options.file) if options.batch else [Result.load(options.file)]
    print(*_shown_results(found, "Result {}" if options.batch else None, options.nbqbits), sep="\n")


def _run_options(name: str, file: str, description: str | None, arguments: Arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser(name, description=description)
    parser.add_argument("file", metavar=file)
    parser.add_argument("--qpu", help="class of the QPU, as in qat.qpus:LinAlg; the default QPU if not given")
    parser.add_argument("--plugin", action="append", default=[], help="class of a plugin, as in qat.plugins:Remap")
    parser.add_argument("--output", "-o", help="file for the result; it is shown if not given")
    parser.add_argument("--skip-plugins", action="store_true", help="hand the jobs to the QPU as they are")
    return parser.parse_args(arguments)


def _stack(options: argparse.Namespace) -> Any:
    from qat.modules import get_default_qpu

    stack = get_default_qpu() if options.qpu is None else _named(options.qpu)()
    for name in reversed([] if options.skip_plugins else options.plugin):
        stack = _named(name)() | stack
    return stack


def _named(address: str) -> Any:
    module, _, name = address.partition(":")
    if not name:
        raise ValueError(f"{address!r} names no class: write its module and its name, as in qat.qpus:LinAlg")
    return getattr(import_module(module), name)


def _deliver(results: Iterable[Any], whole: Any, output: str | None, title: str | None = None) -> None:
    if output is not None:
        whole.dump(output)
    else:
        print(*_shown_results(results, title), sep="\n")


def _shown_results(results: Iterable[Any], title: str | None, nb_qubits: int | None = None) -> Iterable[str]:
    for index, result in enumerate(results):
        if title is not None:
            yield title.format(index)
        if result.value is not None:
            yield str(result.value)
            continue
        for sample in result:
            state = sample.state if nb_qubits is None else f"|{sample.state.int:0{nb_qubits}b}>"
            yield f"state={state}\tproba={sample.probability}\tamp={sample.amplitude}"


def _lines(counts: dict[str, Any]) -> list[str]:
    return [f"{name} : {count}" for name, count in counts.items()]
