"""Exact mean value and gradient of a job: chain rule over the expressions, adjoint method below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qat.core.variables import evaluate_all
from qat.kernels.engine import Engine, Moves, Precision
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import opened
from qat.qpus.simulation import InvalidJobError

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job
    from qat.core.wrappers.observable import Observable

__all__ = ["moves_of", "value_and_gradient"]


def value_and_gradient(engine: Engine, job: Job, parameter_map: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """See ``LinAlg.value_and_gradient``."""
    if job.observable is None or job.circuit is None:
        raise InvalidJobError("A gradient needs a job with a circuit and an observable: give observable=... to to_job")
    values = {name: float(value) for name, value in parameter_map.items()}
    tape = opened(job.circuit.tape)
    bound = tape.bound(evaluate_all(tape.expressions, values)) if tape.expressions else tape
    observable = job.observable(**values) if job.observable.get_variables() else job.observable
    paulis, moves = observable.pauli_sum(), moves_of(tape)
    value, by_parameter = engine.value_and_gradient(bound, paulis, job.psi_0, moves=moves)
    gradient = dict.fromkeys(values, 0.0)
    by_slot = by_parameter[tape.slots]
    by_expression = np.bincount(tape.slot_expressions, by_slot, minlength=len(tape.expressions)).tolist()
    for name, expression, slope in _slopes(tape.expressions, values):
        if name in gradient:
            gradient[name] += by_expression[expression] * slope
    _add_observable(engine, bound, job, values, gradient)
    return value, gradient


def moves_of(tape: Tape) -> Moves | None:
    """How the parameters of a circuit without boxes go along with its variables, if that is the same everywhere."""
    columns = (tape.slots.tobytes(), tape.slot_expressions.tobytes())
    return _moves(tuple(tape.expressions), len(tape.parameters), *columns)


@lru_cache(maxsize=64)
def _moves(
    expressions: tuple[Any, ...], nb_parameters: int, slot_bytes: bytes, expression_bytes: bytes
) -> Moves | None:
    """How parameters change with the variables, if that does not depend on their values: for affine expressions."""
    names, numbers, derivatives = _derivatives(expressions)
    if any(getattr(derivative, "get_variables", tuple)() for derivative in derivatives):
        return None
    rates = np.array(evaluate_all(derivatives, {}), np.float64)
    variables, places = np.unique(names, return_inverse=True)
    slots, slot_expressions = (np.frombuffer(data, np.int32) for data in (slot_bytes, expression_bytes))

    def draw(rng: np.random.Generator) -> NDArray[np.float64]:
        change = np.zeros(nb_parameters)
        by_expression = np.bincount(numbers, rates * rng.normal(size=len(variables))[places], len(expressions))
        change[slots] = by_expression[slot_expressions]
        return change

    return Moves(draw)


def _slopes(expressions: Sequence[Any], values: Mapping[str, float]) -> list[tuple[str, int, float]]:
    """Derivatives of the expressions as (variable, number of the expression, value)."""
    names, numbers, derivatives = _derivatives(tuple(expressions))
    return list(zip(names, numbers, evaluate_all(derivatives, values), strict=True))


@lru_cache(maxsize=64)
def _derivatives(expressions: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[int, ...], tuple[Any, ...]]:
    found = [
        (name, number, expression.differentiate(name))
        for number, expression in enumerate(expressions)
        for name in expression.get_variables()
    ]
    names, numbers, derivatives = zip(*found, strict=True) if found else ((), (), ())
    return names, numbers, derivatives


def _add_observable(
    engine: Engine, bound: Tape, job: Job, values: Mapping[str, float], gradient: dict[str, float]
) -> None:
    """Add the derivatives by the variables in the observable's coefficients."""
    assert job.observable is not None
    names = [name for name in job.observable.get_variables() if name in gradient]
    if names:
        state = engine.state(bound, job.psi_0, precision=Precision.DOUBLE)
    for name in names:
        slope = _differentiated(job.observable, name)(**values)
        gradient[name] += engine.expectation(state, slope.pauli_sum()).real


def _differentiated(observable: Observable, name: str) -> Observable:
    from qat.core.wrappers.observable import Observable, Term

    terms = [Term(_slope(term._coeff.get_value(), name), term.op, term.qbits) for term in observable.terms or ()]
    constant = _slope(_plain(observable.constant_coeff), name)
    return Observable(observable.nbqbits, pauli_terms=terms, constant_coeff=constant)


def _plain(coefficient: Any) -> Any:
    return coefficient.get_value() if hasattr(coefficient, "get_value") else coefficient


def _slope(coefficient: Any, name: str) -> Any:
    return coefficient.differentiate(name) if hasattr(coefficient, "differentiate") else 0.0
