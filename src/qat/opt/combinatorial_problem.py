"""Problems stated as weighted boolean clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qat.opt.boolexpr import BaseBool, Var, combined
from qat.opt.job_generator import CombinatorialJobGenerator

if TYPE_CHECKING:
    from qat.opt.ising import Ising
    from qat.opt.qubo import QUBO

__all__ = ["CombinatorialProblem"]


class CombinatorialProblem(CombinatorialJobGenerator):
    """Minimise (or maximise) the total weight of the clauses that hold.

    Args:
        name: shown when the problem is printed.
        maximization: maximise; the cost observable changes its sign.

    >>> problem = CombinatorialProblem("two")
    >>> a, b = problem.new_vars(2)
    >>> print(problem.add_clause(a & b).add_clause(a ^ b, weight=0.5))
    two:
     2 variables, 2 clauses
    >>> problem.cost("11"), problem.cost("01")
    (1.0, 0.5)
    """

    def __init__(self, name: str | None = None, maximization: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self._sign = -1.0 if maximization else 1.0
        self.clauses = []
        self.nbqbits = 0

    def new_var(self) -> Var:
        """A fresh variable."""
        self.nbqbits += 1
        return Var(self.nbqbits - 1)

    def new_vars(self, nbvars: int) -> list[Var]:
        """Several fresh variables."""
        return [self.new_var() for _ in range(nbvars)]

    def add_clause(self, clause: BaseBool, weight: float | None = None) -> CombinatorialProblem:
        """Add a clause, of weight 1 unless given; returns the problem.

        Raises:
            TypeError: the clause is not made of variables.
        """
        if not isinstance(clause, BaseBool):
            raise TypeError(f"a clause is made of variables (new_var) with & | ^ ~; got {clause!r}")
        self.clauses.append((clause, self._sign * (1.0 if weight is None else weight)))
        return self

    def to_ising(self) -> Ising:
        """Couplings and fields of the same cost.

        Raises:
            ValueError: if the clauses couple more than two variables at once.
        """
        import numpy as np

        from qat.opt.ising import Ising

        couplings = np.zeros((self.nbqbits, self.nbqbits))
        fields = np.zeros(self.nbqbits)
        cost = combined(*((weight, clause.polynomial()) for clause, weight in self.clauses))
        for qubits, coefficient in cost.items():
            if len(qubits) > 2:
                raise ValueError(
                    f"an Ising problem couples two variables at most, the clauses couple {sorted(qubits)}; "
                    f"use get_observable('terms')"
                )
            if len(qubits) == 2:
                i, j = sorted(qubits)
                couplings[i, j] = couplings[j, i] = -coefficient / 2
            elif qubits:
                fields[min(qubits)] = coefficient
        return Ising(couplings, fields, -cost.get(frozenset(), 0.0))

    def to_qubo(self) -> QUBO:
        """Quadratic form of the same cost; see ``to_ising``."""
        return self.to_ising().to_qubo()

    def __str__(self) -> str:
        return f"{self.name or 'Problem'}:\n {self.nbqbits} variables, {len(self.clauses)} clauses"
