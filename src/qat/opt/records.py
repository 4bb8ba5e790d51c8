"""How problems and their solutions travel: as the fields from which they are made again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from qat.core.travelling import RecordFormat
from qat.opt.binary_linear_integer_programming import BILP
from qat.opt.graph_colouring import GraphColouring
from qat.opt.graph_partitioning import GraphPartitioning
from qat.opt.ising import Ising
from qat.opt.k_clique import KClique
from qat.opt.max_cut import MaxCut
from qat.opt.mwis import MWIS
from qat.opt.number_partitioning import NumberPartitioning
from qat.opt.qubo import QUBO
from qat.opt.results import (
    CombinatorialResult,
    GraphPartitioningResult,
    InvalidKCliqueResult,
    InvalidPartitioningResult,
    InvalidVertexCoverResult,
    KCliqueResult,
    SetPartitioningResult,
    VertexCoverResult,
)
from qat.opt.vertex_cover import VertexCover

__all__ = ["FORMATS"]

_OTHERS = ("graph", "number_of_colours")
"""What a problem may have beside its matrix."""


def _ising_fields(problem: Ising) -> dict[str, Any]:
    couplings, fields, offset = problem.get_j_h_and_offset()
    return {"matrix": couplings, "fields": fields, "offset": float(offset), "others": _others(problem)}


def _qubo_fields(problem: QUBO) -> dict[str, Any]:
    matrix, offset = problem.get_q_and_offset()
    return {"matrix": matrix, "offset": float(offset), "others": _others(problem)}


def _others(problem: Ising | QUBO) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in _OTHERS if hasattr(problem, name)}


def _make_ising(cls: type[Ising], fields: Mapping[str, Any]) -> Ising:
    problem = cls.__new__(cls)
    Ising.__init__(problem, fields["matrix"], fields["fields"], float(fields["offset"]))
    return _with_others(problem, fields)  # type: ignore[no-any-return]


def _make_qubo(cls: type[QUBO], fields: Mapping[str, Any]) -> QUBO:
    problem = cls.__new__(cls)
    QUBO.__init__(problem, fields["matrix"], float(fields["offset"]))
    return _with_others(problem, fields)  # type: ignore[no-any-return]


def _with_others(problem: Any, fields: Mapping[str, Any]) -> Any:
    for name, value in fields["others"].items():
        if name not in _OTHERS:
            raise ValueError(f"a problem has the unknown field {name[:40]!r}")
        setattr(problem, name, value)
    return problem


def _solution_fields(solution: CombinatorialResult) -> dict[str, Any]:
    """The fields of a solution; its graph is that of its problem."""
    subsets = getattr(solution, "subsets", None)
    return {"problem": solution.problem, "bits": solution.bits, "result": solution.result, "subsets": subsets}


def _make_solution(cls: type[CombinatorialResult], fields: Mapping[str, Any]) -> CombinatorialResult:
    solution: Any = cls.__new__(cls)
    solution.problem, solution.result = fields["problem"], fields["result"]
    solution.bits = str(fields["bits"])
    if not isinstance(solution.problem, Ising | QUBO) or len(solution.bits) != solution.problem.nbqbits:
        raise ValueError("a solution does not belong to its problem")
    solution.cost = solution.problem.cost(solution.bits)
    if issubclass(cls, SetPartitioningResult):
        solution.subsets = [[int(node) for node in subset] for subset in fields["subsets"]]
    if issubclass(cls, GraphPartitioningResult):
        solution.graph = solution.problem.graph  # type: ignore[union-attr]
    return solution  # type: ignore[no-any-return]


_ISINGS = (Ising, MaxCut, GraphPartitioning, NumberPartitioning)
_QUBOS = (QUBO, KClique, VertexCover, GraphColouring, MWIS, BILP)
_SOLUTIONS = (
    CombinatorialResult, SetPartitioningResult, GraphPartitioningResult, KCliqueResult, VertexCoverResult,
    InvalidPartitioningResult, InvalidKCliqueResult, InvalidVertexCoverResult,
)  # fmt: skip

FORMATS: dict[str, RecordFormat] = {
    **{cls.__name__: RecordFormat(cls, _ising_fields, partial(_make_ising, cls)) for cls in _ISINGS},
    **{cls.__name__: RecordFormat(cls, _qubo_fields, partial(_make_qubo, cls)) for cls in _QUBOS},
    **{cls.__name__: RecordFormat(cls, _solution_fields, partial(_make_solution, cls)) for cls in _SOLUTIONS},
}
"""By class name."""
