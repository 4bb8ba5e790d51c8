"""Schedules: time-dependent Hamiltonians for analog machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from qat.core.serialization import Serializable
from qat.core.variables import BaseArithmetic, Variable, bound, heaviside, vmax
from qat.core.wrappers.observable import Observable
from qat.core.wrappers.parameter import Parameter
from qat.core.wrappers.term import Coefficient, variables_of

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job

__all__ = ["Parameter", "Schedule"]

Drive = list[tuple[Any, Observable]]


class Schedule(Serializable):
    """The Hamiltonian ``H(t) = sum(coefficient(t) * observable)`` from time 0 to ``tmax``.

    ``s1 | s2`` plays one after the other, ``s1 + s2`` together, ``s >> delay`` later; ``expression * s`` scales.

    Args:
        drive: an observable, or pairs (coefficient, observable), all on as many qubits.
        tmax: duration, a number or an expression.
        tname: name of the time variable.
        gamma_t: transverse field of simulated quantum annealing, an expression of the time variable.

    Raises:
        TypeError: the drive, a coefficient or the duration is none of these.
        ValueError: the observables have different numbers of qubits.

    >>> from qat.core.variables import Variable
    >>> pulse = Schedule(drive=[(2 * Variable("t"), Observable.sigma_x(0))], tmax=3.0)
    >>> print(pulse | pulse)
    drive:
    (heaviside(t,0,3.0) * (2 * t)) * 1.0 * (X|[0])
    (heaviside(t,3.0,6.0) * (2 * (t - 3.0))) * 1.0 * (X|[0])
    tmax = 6.0
    """

    file_extension = ".sched"
    precedence: ClassVar[int] = 1
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, drive: Any = None, tmax: Any = 1.0, tname: str = "t", gamma_t: Any = None) -> None:
        self.tname = tname
        self._tmax = Coefficient(tmax)
        self._gamma_t = _checked_gamma(gamma_t, tname)
        self._other: bytes | None = None
        self.drive = drive

    # ------------------------------------------------------------------ fields

    @property
    def drive(self) -> Drive:
        """The pairs (coefficient, observable)."""
        return [(c.get_value(), obs) for c, obs in zip(self.drive_coeffs, self.drive_obs, strict=True)]

    @drive.setter
    def drive(self, drive: Any) -> None:
        pairs = _pairs(drive)
        self.drive_coeffs = [Coefficient(coefficient) for coefficient, _ in pairs]
        self.drive_obs = [observable for _, observable in pairs]
        self.nbqbits = _common_size(self.drive_obs)

    @property
    def tmax(self) -> Any:
        """The duration: a number or an expression."""
        return self._tmax.get_value()

    @tmax.setter
    def tmax(self, duration: Any) -> None:
        self._tmax = Coefficient(duration)

    @property
    def gamma_t(self) -> Any:
        """The transverse field, or ``None``."""
        return self._gamma_t

    @property
    def is_bosonic(self) -> bool:
        """Whether the drive has bosonic operators, ``A`` and ``a``."""
        return any(set("Aa") & set(term.op) for observable in self.drive_obs for term in observable.terms or ())

    def get_variables(self) -> list[str]:
        """Names of all variables of coefficients, observables and duration, time included where it appears; sorted."""
        names = {name for observable in self.drive_obs for name in observable.get_variables()}
        for coefficient in (*self.drive_coeffs, self._tmax):
            names.update(variables_of(coefficient.get_value()))
        return sorted(names)

    def __call__(self, **kwargs: Any) -> Schedule:
        """The schedule with values for variables, ``t`` among them; unknown names are ignored.

        >>> from qat.core.variables import Variable
        >>> Schedule(Observable.sigma_x(0), tmax=Variable("T"))(T=2.5).tmax
        2.5
        """
        drive = [(bound(coefficient, kwargs), observable(**kwargs)) for coefficient, observable in self.drive]
        return self._with(drive, bound(self.tmax, kwargs))

    def _with(self, drive: Drive, tmax: Any) -> Schedule:
        """The same schedule, all that goes with it included, with another drive and duration."""
        schedule = Schedule(drive, tmax, self.tname, self._gamma_t)
        schedule._other = self._other
        return schedule

    # ------------------------------------------------------------------ composition

    def __or__(self, other: Any) -> Schedule:
        """This schedule, then the other. The field ``_other`` and ``gamma_t`` stay behind."""
        if not isinstance(other, Schedule):
            raise TypeError(f"Can only compose Schedule with other schedules, got {other!r}")
        self._require_same_time(other, "compose Schedules")
        drive = [*self._windowed(0).drive, *other._windowed(self.tmax).drive]
        return Schedule(drive, self.tmax + other.tmax, self.tname)

    def __add__(self, other: Any) -> Schedule:
        """Both schedules at once, each for its own duration. The field ``_other`` and ``gamma_t`` stay behind."""
        return self._together(other, is_negative=False)

    def __sub__(self, other: Any) -> Schedule:
        return self._together(other, is_negative=True)

    def __radd__(self, other: Any) -> Schedule:
        """So that ``sum`` works: 0 changes nothing."""
        if isinstance(other, int | float) and other == 0:
            return self
        raise TypeError(f"Can only add Schedule with other schedules, got {other!r}")

    def _together(self, other: Any, *, is_negative: bool) -> Schedule:
        if not isinstance(other, Schedule):
            raise TypeError(f"Can only add Schedule with other schedules, got {other!r}")
        self._require_same_time(other, "add schedules")
        drive = [*self._windowed(0).drive, *other._windowed(0, is_negative=is_negative).drive]
        return Schedule(drive, vmax(self.tmax, other.tmax), self.tname)

    def __mul__(self, scalar: Any) -> Schedule:
        try:
            factor = Coefficient(scalar).get_value()
        except TypeError:
            raise ValueError(f"Schedules can only be multiplied by a scalar, got {scalar!r}") from None
        return self._with([(factor * coefficient, observable) for coefficient, observable in self.drive], self.tmax)

    __rmul__ = __mul__

    def __rshift__(self, time_offset: Any) -> Schedule:
        """The same schedule, later."""
        return self._shift(time_offset)

    def __lshift__(self, time_offset: Any) -> Schedule:
        """The same schedule, earlier; what falls before time 0 is lost."""
        return self._shift(-time_offset)

    def _shift(self, time_offset: Any) -> Schedule:
        shifted = self._windowed(time_offset)
        return Schedule(shifted.drive, self.tmax + time_offset, self.tname)

    def _windowed(self, start: Any, *, is_negative: bool = False) -> Schedule:
        """The schedule from time ``start`` on, switched off before and afterwards."""
        time = Variable(self.tname)
        window = heaviside(time, start, start + self.tmax)
        window = -window if is_negative else window
        moved = {self.tname: time - start}
        drive = [(window * bound(coefficient, moved), observable(**moved)) for coefficient, observable in self.drive]
        return Schedule(drive, self.tmax, self.tname)

    def _require_same_time(self, other: Schedule, action: str) -> None:
        if self.tname != other.tname:
            raise ValueError(
                f"Can only {action} with same time variable ({self.tname} != {other.tname}): make them with one tname"
            )

    # ------------------------------------------------------------------ jobs

    def to_job(
        self,
        job_type: str = "SAMPLE",
        qubits: Any = None,
        observable: Observable | None = None,
        psi_0: Any = None,
        nbshots: int = 0,
        aggregate_data: bool = True,
        amp_threshold: float = 2**-40,
        **kwargs: Any,
    ) -> Job:
        """A job that runs this schedule.

        Args:
            job_type: ``"SAMPLE"`` or ``"OBS"``; an observable alone selects the latter.
            qubits: the qubits to measure; all unless given.
            observable: what to measure the mean value of.
            psi_0: initial state: one of ``01+-`` a qubit, or amplitudes of shape ``(2**nbqbits,)``; all 0 unless given.
            nbshots: number of shots; 0 asks for the exact result.
            aggregate_data: put equal outcomes together.
            amp_threshold: amplitudes below this are left out of exact results.
            kwargs: ``observables`` (a list) and ``meta_data``.

        Raises:
            ValueError: no observable, too large an observable, or an initial state of another size.

        >>> Schedule(Observable.sigma_x(0, 2)).to_job(nbshots=10).psi_0
        '00'
        """
        from qat.core.enums import ProcessingType
        from qat.core.wrappers.job import Job
        from qat.core.wrappers.job_checks import checked_qubits, checked_shots

        size = self.nbqbits or 0
        observables = kwargs.get("observables")
        job = Job(
            psi_0="0" * size if psi_0 is None else psi_0,
            schedule=self,
            type=ProcessingType.OBSERVABLE if job_type == "OBS" else ProcessingType.SAMPLE,
            observable=observable,
            qubits=list(range(size)) if qubits is None else checked_qubits(qubits, size),
            nbshots=checked_shots(nbshots),
            aggregate_data=aggregate_data,
            amp_threshold=amp_threshold,
            **kwargs,
        )
        if observables and observable is None and job_type != "OBS":
            job.type = ProcessingType.SAMPLE
        return job

    def display(self, **kwargs: Any) -> Any:
        """Draw the coefficients over time."""
        from qat.core.display_hook import renderer

        return renderer().display(self, **kwargs)

    def validate(self) -> None:
        """Nothing to check: a schedule is checked when it is made."""

    # ------------------------------------------------------------------ text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schedule):
            return NotImplemented
        names = ("drive_coeffs", "drive_obs", "_tmax", "tname", "_gamma_t", "_other")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __str__(self) -> str:
        lines = "\n".join(f"{coefficient} * {observable}" for coefficient, observable in self.drive)
        return f"drive:\n{lines}\ntmax = {self.tmax}"

    def __repr__(self) -> str:
        return (
            f"Schedule(tname={self.tname!r}, drive_obs={self.drive_obs}, drive_coeffs={self.drive_coeffs}, "
            f"_tmax={self._tmax}, nbqbits={self.nbqbits}, _gamma_t={self._gamma_t}, _other={self._other!r}, "
            f"is_bosonic={self.is_bosonic})"
        )


def _pairs(drive: Any) -> Sequence[tuple[Any, Observable]]:
    if drive is None:
        return []
    pairs = [(1, drive)] if isinstance(drive, Observable) else drive
    if not isinstance(pairs, Iterable):
        raise TypeError(f"the drive is {drive!r}: give an Observable or a list of (coefficient, Observable)")
    checked = []
    for pair in pairs:
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[1], Observable)):
            raise TypeError(f"{pair!r} in the drive: expected a pair (coefficient, Observable)")
        checked.append((pair[0], pair[1]))
    return checked


def _common_size(observables: list[Observable]) -> int | None:
    """Number of qubits of the observables, ``None`` when there are none."""
    for place, observable in enumerate(observables):
        if observable.nbqbits != observables[0].nbqbits:
            raise ValueError(
                f"The number of qubits must be the same for all terms, got {observable.nbqbits} qubits for term "
                f"#{place} and {observables[0].nbqbits} qubits for term #0"
            )
    return observables[0].nbqbits if observables else None


def _checked_gamma(gamma_t: Any, tname: str) -> Any:
    if gamma_t is None or (isinstance(gamma_t, BaseArithmetic) and gamma_t.get_variables() == [tname]):
        return gamma_t
    raise TypeError(
        f"The gamma function should be specified with a variable {tname!r}, defined using the qat.core.Variable class. "
        f'For example {tname} = Variable("{tname}", float). Got {gamma_t}'
    )
