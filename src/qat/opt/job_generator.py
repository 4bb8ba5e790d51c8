"""The jobs that look for solutions of a combinatorial problem: QAOA circuits, anneals.

Source: E. Farhi, J. Goldstone, S. Gutmann, "A Quantum Approximate Optimization Algorithm", arXiv:1411.4028 (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qat.core import Circuit, Job, Observable, Schedule, Term, Variable

if TYPE_CHECKING:
    from qat.opt.boolexpr import BaseBool
    from qat.opt.ising import Ising

__all__ = ["CombinatorialJobGenerator", "annealing_parameters", "qaoa_circuit"]


class CombinatorialJobGenerator:
    """What every problem offers: a cost made of weighted clauses, and jobs that minimise it.

    Attributes:
        clauses: pairs (boolean expression, weight); the cost of a bit string is the sum of the weights of the
            expressions it makes true.
        nbqbits: number of binary variables.
    """

    clauses: list[tuple[BaseBool, float]]
    nbqbits: int

    def get_observable(self, obs_type: str = "terms") -> Observable:
        """The cost as an observable.

        Args:
            obs_type: ``"terms"`` gives Pauli terms, with cost 0 for the all-zeros bit string whatever the offset of the
                encoding; ``"ising"`` gives couplings and fields, offset included.

        Raises:
            ValueError: for any other ``obs_type``.
        """
        from qat.opt.boolexpr import as_observable, combined

        if obs_type == "terms":
            cost = combined(*((weight, clause.polynomial()) for clause, weight in self.clauses))
            return as_observable(cost, self.nbqbits)
        if obs_type == "ising":
            couplings, fields, offset = self.to_ising().get_j_h_and_offset()
            return Observable(
                self.nbqbits, ising=(couplings, -fields, offset)
            )  # there a spin is Z: -1 where the bit is 1
        raise ValueError(f"Unrecognized Observable type {obs_type!r}. The supported types are 'ising' and 'terms'.")

    def cost(self, bits: str) -> float:
        """Cost of a bit string, the value of ``get_observable`` in that basis state."""
        return float(sum(weight for clause, weight in self.clauses if clause.evaluate(bits)))

    def to_ising(self) -> Ising:
        """The problem as couplings and fields of spins."""
        raise NotImplementedError

    def to_job(self, job_type: str, *args: Any, **kwargs: Any) -> Job:
        """Make a job; the further arguments are those of the method for that type.

        Args:
            job_type: ``"qaoa"`` (gate circuits), ``"sqa"`` (simulated annealing) or ``"aqo"`` (analog annealing).

        Raises:
            ValueError: for any other ``job_type``.
        """
        makers: dict[str, Callable[..., Job]] = {"qaoa": self.qaoa_job, "sqa": self.sqa_job, "aqo": self.aqo_job}
        if job_type not in makers:
            raise ValueError(f"Unknown job type {job_type!r}. The supported types are {', '.join(makers)}.")
        return makers[job_type](*args, **kwargs)

    def qaoa_job(
        self, depth: int, cnots: bool = True, strategy: str = "coloring", to_circ_args: Any = None, **kwargs: Any
    ) -> Job:
        """QAOA ansatz of ``depth`` layers with its cost, a job in the variables ``\\gamma_{k}`` and ``\\beta_{k}``.

        Args:
            depth: number of layers, each a cost evolution ``exp(-i gamma H / 2)`` and rotations ``RX(beta)``.
            cnots: must be true: cost terms on several qubits are made of CNOTs around one phase gate.
            strategy: ``"coloring"`` groups terms that can act at the same time, ``"default"`` keeps their order.
            to_circ_args: accepted for compatibility; the circuit has no gate that these arguments would change.
            kwargs: fields of the job, such as ``nbshots``.

        Raises:
            ValueError: for a depth below 1, an unknown strategy or ``cnots=False``.
        """
        if not cnots:
            raise ValueError("cnots=False asks for collective rotation gates, which are not offered; leave it out.")
        cost = self.get_observable("terms")
        job: Job = qaoa_circuit(cost, depth, strategy).to_job(observable=cost, **kwargs)
        return job

    def qaoa_ansatz(self, depth: int, **kwargs: Any) -> Job:
        """The older name of ``qaoa_job``."""
        return self.qaoa_job(depth, **kwargs)

    def sqa_job(self, gamma_t: Any = None, tmax: float = 1.0, **kwargs: Any) -> Job:
        """The problem as a schedule for simulated annealing, one shot by default.

        ``gamma_t`` is the field of simulated quantum annealing.
        """
        drive = [(1, self.get_observable("ising"))]
        return Schedule(drive=drive, tmax=tmax, gamma_t=gamma_t).to_job(**{"nbshots": 1, **kwargs})

    def aqo_job(self, tmax: float | None = None, mixing: Observable | None = None, **kwargs: Any) -> Job:
        """Analog annealing: linear interpolation from ``mixing`` (default minus the sum of the Xs) to the cost."""
        duration = 1.0 if tmax is None else float(tmax)
        if mixing is None:
            mixing = Observable(self.nbqbits, pauli_terms=[Term(-1.0, "X", [q]) for q in range(self.nbqbits)])
        ramp = Variable("t") / duration
        cost = self.get_observable("terms")
        schedule = Schedule(drive=[(1 - ramp, mixing), (ramp, cost)], tmax=duration)
        return schedule.to_job(observable=cost, **kwargs)

    def get_sa_initial_parameters(self, **kwargs: Any) -> dict[str, float]:
        """Temperatures, steps and shots to begin simulated annealing with; see ``annealing_parameters``."""
        return annealing_parameters(self.to_ising(), **kwargs)

    def get_best_parameters(self, **kwargs: Any) -> dict[str, float]:
        """The older name of ``get_sa_initial_parameters``."""
        return self.get_sa_initial_parameters(**kwargs)


def annealing_parameters(
    problem: Ising,
    T_total: int = 8000,  # noqa: N803
    T_ratio: float = 0.1,  # noqa: N803
    initial_samples: int = 1000,
    acceptance_ratio: float = 0.15,
    seed: int | None = None,
) -> dict[str, float]:
    """Parameters of simulated annealing that suit the energies of a problem.

    The first temperature accepts a flip of mean energy with probability ``acceptance_ratio``; the last is a thousandth
    of it.

    Args:
        problem: the problem as spins.
        T_total: time budget, number of shots times number of steps.
        T_ratio: number of shots over number of steps.
        initial_samples: number of random states from which the mean energy of a flip is taken.
        acceptance_ratio: see above, between 0 and 1.
        seed: of the random states.

    Returns:
        ``temp_max``, ``temp_min``, ``nbshots``, ``n_steps``, ``tmax`` and ``n_monte_carlo_updates``.
    """
    import numpy as np

    couplings, fields, _ = problem.get_j_h_and_offset()
    spins = np.random.default_rng(seed).choice([-1.0, 1.0], size=(initial_samples, problem.nbqbits))
    flips = 2 * np.abs(2 * spins @ couplings + fields)
    temp_max = max(float(flips.mean()) / -np.log(acceptance_ratio), 1e-6)
    n_steps = max(round((T_total / T_ratio) ** 0.5), 1)
    nb_shots = max(round((T_total * T_ratio) ** 0.5), 1)
    return {
        "temp_max": temp_max,
        "temp_min": temp_max / 1000,
        "nbshots": nb_shots,
        "n_steps": n_steps,
        "tmax": 1.0,
        "n_monte_carlo_updates": nb_shots * n_steps * problem.nbqbits,
    }


def qaoa_circuit(cost: Observable, depth: int, strategy: str = "coloring") -> Circuit:
    """The QAOA circuit of a diagonal cost, in the variables ``\\gamma_{k}`` and ``\\beta_{k}``.

    Raises:
        ValueError: the depth is below 1, or the strategy is unknown.

    >>> cost = Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1])])
    >>> [name for name, *_ in qaoa_circuit(cost, 1).iterate_simple()]
    ['H', 'H', 'CNOT', 'PH', 'CNOT', 'RX', 'RX']
    """
    from qat.lang.AQASM import CNOT, PH, RX, H, Program

    if depth < 1:
        raise ValueError(f"QAOA needs at least one layer, got depth={depth}")
    if strategy not in ("coloring", "default"):
        raise ValueError(f"Unknown strategy {strategy!r}. The supported strategies are 'coloring' and 'default'.")
    terms = list(cost.terms or ())
    if strategy == "coloring":
        terms = _scheduled(terms)
    program = Program()
    qubits = program.qalloc(cost.nbqbits)
    for qubit in qubits:
        program.apply(H, qubit)
    for layer in range(depth):
        gamma, beta = Variable(f"\\gamma_{{{layer}}}"), Variable(f"\\beta_{{{layer}}}")
        for term in terms:
            ladder = list(zip(term.qbits, term.qbits[1:], strict=False))
            for left, right in ladder:
                program.apply(CNOT, qubits[left], qubits[right])
            program.apply(PH(gamma * term.coeff), qubits[term.qbits[-1]])
            for left, right in reversed(ladder):
                program.apply(CNOT, qubits[left], qubits[right])
        for qubit in qubits:
            program.apply(RX(beta), qubit)
    return program.to_circ()


def _scheduled(terms: list[Term]) -> list[Term]:
    """Terms in an order that keeps the circuit shallow: greedy groups of terms on disjoint qubits."""
    groups: list[tuple[set[int], list[Term]]] = []
    for term in terms:
        support = set(term.qbits)
        for used, members in groups:
            if used.isdisjoint(support):
                used |= support
                members.append(term)
                break
        else:
            groups.append((support, [term]))
    return [term for _, members in groups for term in members]
