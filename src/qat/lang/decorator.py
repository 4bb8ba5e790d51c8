"""Circuits and variational functions written as Python functions: ``@qrout`` and ``@qfunc``.

Inside a decorated function qubits are integers, and its arguments are variables, bound when it is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.core.enums import ProcessingType
from qat.core.variables import Variable
from qat.core.wrappers.observable import Observable
from qat.lang.AQASM.routines import QRoutine

if TYPE_CHECKING:
    from qat.core import Job

__all__ = ["JobEvaluator", "qfunc", "qrout"]

_WITHOUT_NAME = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class _BaseWrapper:
    """A routine or job with variables, bound by calling it.

    Attributes:
        qlm_obj: the routine or the job.
        signature: signature of the decorated function.
        registers: the variable, or the array of variables, of each argument.
    """

    def __init__(self, qlm_obj: Any, signature: inspect.Signature, registers: Mapping[str, Any]) -> None:
        self.qlm_obj = qlm_obj
        self.signature = signature
        self.registers = dict(registers)

    def _bindings(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        given = self.signature.bind_partial(*args, **kwargs).arguments
        return {name: value for key in given for name, value in self._values(key, given[key])}

    def _values(self, key: str, value: Any) -> Iterable[tuple[str, Any]]:
        variables = self.registers.get(key)
        if isinstance(variables, Variable):
            return [(variables.name, value)]
        if variables is None:
            return []
        values = _flat(value)
        if len(values) != variables.size:
            raise TypeError(
                f"argument {key} has {len(values)} values, expected {variables.size}, shape {variables.shape}"
            )
        return zip([variable.name for variable in variables.ravel()], values, strict=True)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "qlm_obj":
            raise AttributeError(name)
        return getattr(self.qlm_obj, name)


def _flat(value: Any) -> list[Any]:
    """The entries of nested sequences, in row-major order; expressions stay as they are."""
    if isinstance(value, np.ndarray):
        return list(value.ravel())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [entry for item in value for entry in _flat(item)]
    return [value]


class _UnrolledRoutine(_BaseWrapper):
    """What ``@qrout`` returns: the routine with variables, and everything a routine can do."""

    def __call__(self, *args: Any, **kwargs: Any) -> QRoutine:
        """The routine with the arguments given so far; the others stay variables."""
        routine: QRoutine = self.qlm_obj.bind_variables(self._bindings(args, kwargs))
        return routine

    def get_variables(self) -> list[str]:
        """Names of its variables, sorted."""
        return list(self.qlm_obj.get_variables())


class _DeferredRoutine:
    """What ``@qrout`` returns for a function that needs the values of its arguments: it runs at every call."""

    def __init__(self, function: Callable[..., Any], reason: Exception | None) -> None:
        self._function = function
        self._reason = reason

    def __call__(self, *args: Any, **kwargs: Any) -> QRoutine:
        """The routine for these arguments."""
        return _traced(self._function, *args, **kwargs)[0]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"{name} needs the routine, which depends on the values of the arguments: call it first, "
            f"for example f(0.1).{name}"
        ) from self._reason


class JobEvaluator(_BaseWrapper):
    """What ``@qfunc`` returns: call it with numbers to get a float; ``qlm_obj`` is the job behind it."""

    qlm_obj: Job

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the observable for these arguments, or the result of a job that samples.

        Raises:
            TypeError: an argument is missing.
        """
        self.signature.bind(*args, **kwargs)
        job = self.qlm_obj(**self._bindings(args, kwargs))
        return job.eval() if job.type == ProcessingType.OBSERVABLE else job.run()

    def display(self, *args: Any, **kwargs: Any) -> Any:
        """Draw the circuit of the job."""
        return self._circuit().display(*args, **kwargs)

    def statistics(self) -> Any:
        """Count the gates of the circuit."""
        return self._circuit().statistics()

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        """Compile the job; see ``Job.compile``."""
        return self.qlm_obj.compile(*args, **kwargs)

    def _circuit(self) -> Any:
        return self.qlm_obj.circuit


def _traced(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[QRoutine, Any]:
    """The routine a function writes, and what it returns."""
    with QRoutine() as routine:
        answer = function(*args, **kwargs)
    return routine, answer


def _variables(signature: inspect.Signature, shapes: Mapping[str, Any]) -> dict[str, Any]:
    """A variable for each argument, or an array of them where a shape is given."""
    names = [name for name, parameter in signature.parameters.items() if parameter.kind not in _WITHOUT_NAME]
    if unknown := sorted(set(shapes) - set(names)):
        raise TypeError(f"no argument is called {unknown[0]!r}: give shapes of {names}")
    return {name: _variable_array(name, shapes[name]) if name in shapes else Variable(name) for name in names}


def _variable_array(name: str, shape: Any) -> Any:
    size = int(np.prod(shape))
    array = np.empty(size, dtype=object)
    array[:] = [Variable(f"{name}_{index}") for index in range(size)]
    return array.reshape(shape)


def qrout(*fun: Callable[..., Any], unroll: bool | None = None, **kwargs: Any) -> Any:
    """Decorator that makes a routine out of a function.

    Args:
        fun: the function. It applies gates to qubits given as integers; what it returns is ignored.
        unroll: run the function once with variables (True) or anew at every call (False); by default run it once if
            that works.
        kwargs: shapes of the arguments that are arrays, an int or a tuple.

    >>> from qat.lang import RX, RY, qrout
    >>> @qrout(angles=2)
    ... def turns(angles):
    ...     RX(angles[0])(0)
    ...     RY(angles[1])(1)
    >>> turns.get_variables()
    ['angles_0', 'angles_1']
    >>> list(turns([0.1, 0.2]).to_circ().iterate_simple())
    [('RX', [0.1], [0]), ('RY', [0.2], [1])]
    """

    def decorate(function: Callable[..., Any]) -> Any:
        return update_wrapper(_routine(function, unroll, kwargs), function)

    return decorate(fun[0]) if fun else decorate


def _routine(function: Callable[..., Any], unroll: bool | None, shapes: Mapping[str, Any]) -> Any:
    if unroll is False:
        return _DeferredRoutine(function, None)
    signature = inspect.signature(function)
    registers = _variables(signature, shapes)
    if unroll:
        return _unrolled(function, signature, registers)
    try:
        return _unrolled(function, signature, registers)
    except Exception as reason:  # whatever a user's function cannot do with variables
        return _DeferredRoutine(function, reason)


def _unrolled(
    function: Callable[..., Any], signature: inspect.Signature, registers: Mapping[str, Any]
) -> _UnrolledRoutine:
    return _UnrolledRoutine(_traced(function, **registers)[0], signature, registers)


def qfunc(*func: Callable[..., Any], **kwargs: Any) -> Any:
    """Decorator that makes a function of angles out of a circuit and an observable.

    Args:
        func: the function. It applies gates to qubits given as integers, and returns the observable to evaluate, a
            list of observables, or the qubits to sample.
        kwargs: shapes of the arguments that are arrays, an int or a tuple.

    >>> from qat.core import Observable
    >>> from qat.lang import RX, qfunc
    >>> @qfunc
    ... def energy(theta):
    ...     RX(theta)(0)
    ...     return Observable.z(0)
    >>> energy.get_variables(), energy.qlm_obj.observable.nbqbits
    (['theta'], 1)
    """

    def decorate(function: Callable[..., Any]) -> Any:
        return update_wrapper(_evaluator(function, kwargs), function)

    return decorate(func[0]) if func else decorate


def _evaluator(function: Callable[..., Any], shapes: Mapping[str, Any]) -> JobEvaluator:
    signature = inspect.signature(function)
    registers = _variables(signature, shapes)
    routine, answer = _traced(function, **registers)
    return JobEvaluator(routine.to_circ().to_job(**_what_to_measure(answer)), signature, registers)


def _what_to_measure(answer: Any) -> dict[str, Any]:
    if answer is None:
        return {}
    if isinstance(answer, Observable):
        return {"observable": answer}
    answers = list(answer) if isinstance(answer, Iterable) else [answer]
    return {"observables": answers} if answers and isinstance(answers[0], Observable) else {"qubits": answers}
