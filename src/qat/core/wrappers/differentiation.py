"""Derivatives of mean values, as jobs to be run whose values add up to the derivative.

The parameter-shift rule uses the same circuit with shifted angles, and no further qubit. The mean value as a function
of one gate's angle is a trigonometric polynomial, whose frequencies are the differences between the eigenvalues of
the gate's generator: 1 for a rotation and a controlled phase, 1/2 and 1 for a controlled rotation.

The Hadamard test uses one more qubit, called 0, and the circuit with the gate's generator inserted under its control.

Source: M. Schuld et al., Phys. Rev. A 99, 032331 (2019), eq. 9, for frequency 1; G.-L. R. Anselmetti et al., New J.
Phys. 23, 113010 (2021), eq. 12, for frequencies 1/2 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from math import pi, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.core.enums import ErrorType, ProcessingType
from qat.core.errors import QPUException
from qat.core.records import QRegister
from qat.core.wrappers.job import shifted_observable
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import NO_FORM, Kind, Row, Tape
from qat.kernels.tape_algebra import tape_of

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit
    from qat.core.wrappers.job import Job
    from qat.core.wrappers.observable import Observable

_NEEDS_VALUE = "only jobs of type OBS can be differentiated: give the job an observable, to_job(observable=...)"
_NEEDS_CIRCUIT = "only jobs with a circuit can be differentiated: make the job with circuit.to_job(observable=...)"

Rule = tuple[tuple[float, float], ...]
"""The derivative by an angle as (coefficient, shift of the angle in radians) pairs."""

_LARGE, _SMALL = (sqrt(2) + 1) / (4 * sqrt(2)), (sqrt(2) - 1) / (4 * sqrt(2))
_RULES: Mapping[frozenset[float], Rule] = {
    frozenset(): (),
    frozenset({1.0}): ((0.5, pi / 2), (-0.5, -pi / 2)),
    frozenset({0.5, 1.0}): (
        (_LARGE, pi / 2),
        (-_LARGE, -pi / 2),
        (-_SMALL, 3 * pi / 2),
        (_SMALL, -3 * pi / 2),
    ),
}


class Occurrence(NamedTuple):
    """One place where a variable enters a circuit.

    Attributes:
        slot: index of the parameter among ``Tape.slots``.
        row: index of the operation.
        form: its gate.
        expression: the parameter.
        slope: derivative of the parameter by the variable, a number or an expression.
    """

    slot: int
    row: int
    form: GateForm
    expression: Any
    slope: Any


def check_differentiable(job: Job, method: str | None) -> None:
    """Check that a job can be differentiated.

    Raises:
        QPUException: it does not ask for the mean value of an observable, or it has no circuit.
        ValueError: there is no such method.
    """
    if job.type != ProcessingType.OBSERVABLE or job.observable is None:
        raise QPUException(code=ErrorType.INVALID_ARGS, message=_NEEDS_VALUE)
    if job.circuit is None:
        raise QPUException(code=ErrorType.INVALID_ARGS, message=_NEEDS_CIRCUIT)
    if method is not None and method not in _METHODS:
        raise ValueError(f"Unknown differential method {method}. Possible methods are {', '.join(_METHODS)}.")


def derivative_jobs(job: Job, name: str, method: str | None = None, **options: Any) -> list[Job]:
    """The jobs of ``Job.differentiate``."""
    check_differentiable(job, method)
    if options:
        raise TypeError(f"Unknown options {sorted(options)}: the method {method or 'shift-rule'} has none")
    known = job.get_variables()
    if name not in known:
        raise ValueError(
            f"Can't differentiate circuit w.r.t {name}. Unknown variable: the job has {', '.join(known) or 'none'}"
        )
    return [*_METHODS[method or "shift-rule"](job, name), *_observable_jobs(job, name)]


def occurrences(tape: Tape, name: str) -> Iterator[Occurrence]:
    """Where a variable enters a tape without boxes, with non-zero slope."""
    slopes = [_slope(expression, name) for expression in tape.expressions]
    for slot, (index, number) in enumerate(zip(tape.slots.tolist(), tape.slot_expressions.tolist(), strict=True)):
        if _is_zero(slopes[number]):
            continue
        row = int(np.searchsorted(tape.parameter_starts, index, side="right")) - 1
        assert tape.gates[row] != NO_FORM
        yield Occurrence(slot, row, tape.forms[tape.gates[row]], tape.expressions[number], slopes[number])


def _slope(expression: Any, name: str) -> Any:
    return expression.differentiate(name) if name in expression.get_variables() else 0.0


def _is_zero(value: Any) -> bool:
    return not hasattr(value, "get_variables") and value == 0


def generator_of(form: GateForm) -> NDArray[np.complex128]:
    """Hermitian generator of a gate of one angle, controls and marks aside, shape ``(d, d)``.

    Raises:
        ValueError: it is not known.
    """
    record = form.record
    if record.generator is None or record.nb_parameters != 1:
        raise ValueError(
            f"Can't differentiate gate {record.name or 'without name'}: only {', '.join(_ROTATIONS)} and what is made "
            f"from them can be. Give it an implementation made of these, or bind its variables"
        )
    return record.generator


_ROTATIONS = tuple(record.name for record in GATES.values() if record.generator is not None)


def shift_rule(form: GateForm) -> Rule:
    """The derivative of a mean value by the angle of a gate, as mean values for other angles.

    Raises:
        ValueError: there is none for this gate.

    >>> len(shift_rule(GateForm(GATES["RX"]))), len(shift_rule(GateForm(GATES["RX"], nb_controls=1)))
    (2, 4)
    """
    levels = np.linalg.eigvalsh(generator_of(form)).round(9).tolist()
    if form.nb_controls:
        levels.append(0.0)
    frequencies = frozenset(abs(one - other) for one, other in combinations(levels, 2)) - {0.0}
    if frequencies not in _RULES:
        raise ValueError(f"No shift rule for gate {form.syntax}, which has frequencies {sorted(frequencies)}")
    return _RULES[frequencies]


def _shift_jobs(job: Job, name: str) -> Iterator[Job]:
    assert job.circuit is not None and job.observable is not None
    tape = job.circuit.flat_tape
    for occurrence in occurrences(tape, name):
        for coefficient, shift in shift_rule(occurrence.form):
            angle = occurrence.expression + shift if shift > 0 else occurrence.expression - -shift
            shifted = with_expression(tape, occurrence.slot, angle)
            yield _job(job, job.circuit._with_tape(shifted), (coefficient * occurrence.slope) * job.observable)


def with_expression(tape: Tape, slot: int, expression: Any) -> Tape:
    """The tape with another expression in one of its slots."""
    expressions = [tape.expressions[number] for number in tape.slot_expressions.tolist()]
    expressions[slot] = expression
    places: dict[Any, int] = {}
    numbers = [places.setdefault(each, len(places)) for each in expressions]
    return replace(tape, slot_expressions=np.array(numbers, np.int32), expressions=tuple(places))


def _job(job: Job, circuit: Circuit, observable: Observable) -> Job:
    changed = job._copy()
    changed.circuit, changed.observable = circuit, observable
    return changed


def _observable_jobs(job: Job, name: str) -> list[Job]:
    """The job for the part of the derivative that comes from the observable's own coefficients."""
    assert job.circuit is not None and job.observable is not None
    if name not in job.observable.get_variables():
        return []
    return [_job(job, job.circuit, _derivative_of_observable(job.observable, name))]


def _derivative_of_observable(observable: Observable, name: str) -> Observable:
    from qat.core.wrappers.observable import Observable, Term

    terms = [(_coefficient_slope(term._coeff.get_value(), name), term) for term in observable.terms or ()]
    constant = _coefficient_slope(observable.constant_coeff, name)
    return Observable(
        observable.nbqbits,
        pauli_terms=[Term(slope, term.op, list(term.qbits)) for slope, term in terms if not _is_zero(slope)],
        constant_coeff=constant,
    )


def _coefficient_slope(coefficient: Any, name: str) -> Any:
    return _slope(coefficient, name) if hasattr(coefficient, "get_variables") else 0.0


# ---------------------------------------------------------------------- Hadamard test


def _hadamard_jobs(job: Job, name: str) -> Iterator[Job]:
    """Jobs with an ancilla in front: the generator, controlled by it, follows the gate.

    With ``d/da U(a) = -i g K U(a)``, ``K`` unitary, the derivative of ``<O>`` is ``2 g`` times the mean value of ``Y``
    on the ancilla and ``O`` on the rest.
    """
    from qat.core.wrappers.observable import Observable

    assert job.circuit is not None and job.observable is not None
    tape = job.circuit.flat_tape
    rows, nb_qubits = list(tape.rows()), tape.nb_qubits + 1
    observable = Observable.sigma_y(0, nb_qubits) * shifted_observable(job.observable, 1)
    for occurrence in occurrences(tape, name):
        for weight, inserted in _generator_parts(occurrence.form, rows[occurrence.row]):
            tested = _tested(rows, occurrence.row, inserted)
            circuit = job.circuit._with_tape(tape_of(tested, nb_qubits, tape.nb_cbits), qregs=[QRegister(nb_qubits, 0)])
            changed = _job(job, circuit, (2 * weight * occurrence.slope) * observable)
            changed.qubits = list(range(nb_qubits))
            yield changed


def _tested(rows: list[Row], row: int, inserted: list[Row]) -> list[Row]:
    shifted = [each._replace(qubits=tuple(qubit + 1 for qubit in each.qubits)) for each in rows]
    return [_gate_row("H", (0,)), *shifted[: row + 1], *inserted, *shifted[row + 1 :]]


def _gate_row(name: str, qubits: tuple[int, ...], nb_controls: int = 0) -> Row:
    form = GateForm(GATES[name])
    return Row(int(Kind.GATE), form.control(nb_controls) if nb_controls else form, (), qubits, None)


def _generator_parts(form: GateForm, row: Row) -> Iterator[tuple[float, list[Row]]]:
    """The generator of a gate as (weight, Pauli string controlled by qubit 0) pairs, the identity left out.

    The projector on "all controls are 1" is the product of ``(1 - Z) / 2`` over the controls.
    """
    controls, target = row.qubits[: form.nb_controls], row.qubits[-1]
    subsets = [subset for size in range(len(controls) + 1) for subset in combinations(controls, size)]
    for letter, weight in _pauli_weights(form).items():
        for subset in subsets:
            paulis = [("Z", qubit) for qubit in subset] + [(letter, target)] * (letter != "I")
            rows = [_gate_row(name, (0, qubit + 1), 1)._replace(kind=row.kind) for name, qubit in paulis]
            rows = [each._replace(classical=row.classical) for each in rows]
            if rows:
                yield weight * (-1) ** len(subset) / 2 ** len(controls), rows


def _pauli_weights(form: GateForm) -> dict[str, float]:
    """Weights of I, X, Y and Z in the generator of a gate on one qubit, marks included, zeros left out."""
    generator = generator_of(form)
    if form.is_conj != form.is_trans:
        generator = generator.conj()
    if form.is_conj != form.is_dag:
        generator = -generator
    weights = {name: float(np.real(np.trace(pauli @ generator))) / 2 for name, pauli in _PAULIS.items()}
    return {name: weight for name, weight in weights.items() if weight}


_PAULIS = {name: np.asarray(GateForm(GATES[name]).full_matrix()) for name in "IXYZ"}


_METHODS: Mapping[str, Callable[[Job, str], Iterator[Job]]] = {"shift-rule": _shift_jobs, "h-test": _hadamard_jobs}
