"""Problems and solutions travel, and come back the same."""

import networkx
import numpy as np
import pytest

from qat.comm.arguments import Fields, Table, decode_argument, encode_argument, pack_argument, unpack_argument
from qat.core import Result
from qat.core.errors import WireError
from qat.opt import (
    BILP,
    MWIS,
    QUBO,
    CombinatorialProblem,
    GraphColouring,
    GraphPartitioning,
    Ising,
    KClique,
    MaxCut,
    NumberPartitioning,
    VertexCover,
)
from qat.opt.records import FORMATS
from qat.opt.results import CombinatorialResult, SetPartitioningResult

GRAPH = networkx.path_graph(4)
WEIGHTED = networkx.Graph()
WEIGHTED.add_weighted_edges_from([("a", "b", 2.0), ("b", "c", 0.5)])

PROBLEMS = [
    Ising(np.array([[0, 1.5], [1.5, 0]]), np.array([0.5, -1]), 3),
    MaxCut(GRAPH),
    MaxCut(WEIGHTED),
    GraphPartitioning(GRAPH, 2.0),
    NumberPartitioning([3, 1, 2]),
    QUBO(np.array([[1.0, 2], [2, 0]]), 0.25),
    KClique(GRAPH, 2, 3.0),
    VertexCover(GRAPH),
    GraphColouring(networkx.path_graph(2), 2),
]


def returned(value):
    return decode_argument(encode_argument(value, "it"))


def all_bits(problem):
    return [format(number, f"0{problem.nbqbits}b") for number in range(1 << problem.nbqbits)]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: type(problem).__name__)
def test_problems_come_back_the_same(problem):
    back = returned([problem])[0]
    assert type(back) is type(problem) and back.nbqbits == problem.nbqbits
    assert [back.energy(bits) for bits in all_bits(back)] == [problem.energy(bits) for bits in all_bits(problem)]
    assert [back.cost(bits) for bits in all_bits(back)] == [problem.cost(bits) for bits in all_bits(problem)]
    if hasattr(problem, "graph"):
        assert networkx.utils.graphs_equal(back.graph, problem.graph)
    job, other = problem.to_job("qaoa", 1), back.to_job("qaoa", 1)
    assert job.circuit.nbqbits == other.circuit.nbqbits and job.get_variables() == other.get_variables()


def samples(problem):
    result = Result(nbqbits=problem.nbqbits)
    for number in range(1 << problem.nbqbits):
        result.add_sample(number)
    return result


@pytest.mark.parametrize(
    "problem",
    [problem for problem in PROBLEMS if hasattr(problem, "parse_result")],
    ids=lambda problem: type(problem).__name__,
)
def test_solutions_come_back_the_same(problem):
    solution = problem.parse_result(samples(problem))
    back = returned(solution)
    assert type(back) is type(solution)
    for name in ("bits", "cost", "is_valid", "subsets"):
        assert getattr(back, name) == getattr(solution, name)
    assert len(back.result) == len(solution.result)
    assert getattr(back, "graph", None) is getattr(back.problem, "graph", None)


def test_invalid_solutions_travel_too():
    problem, result = VertexCover(GRAPH), Result(nbqbits=4)
    result.add_sample(0)
    back = returned(problem.parse_result(result))
    assert not back.is_valid and type(back).__name__ == "InvalidVertexCoverResult"


def test_every_class_has_a_format_of_its_own():
    assert {FORMATS[cls.__name__].cls for cls in (MWIS, BILP, CombinatorialResult, SetPartitioningResult)} == {
        MWIS,
        BILP,
        CombinatorialResult,
        SetPartitioningResult,
    }
    assert all(name == record.cls.__name__ for name, record in FORMATS.items())


class OwnMaxCut(MaxCut):
    """A user's class."""


@pytest.mark.parametrize("value", [OwnMaxCut(GRAPH), CombinatorialProblem("clauses")])
def test_other_problems_are_refused(value):
    with pytest.raises(WireError, match=f"an object of type {type(value).__name__}"):
        pack_argument(value, "the problem")


def fields_of(value):
    return dict(pack_argument(value, "it").fields)


@pytest.mark.parametrize(
    "argument",
    [
        Fields("qat.opt:Nothing", {}),
        Fields("os:system", {}),
        Fields("qat.opt.records:FORMATS", {}),
        Fields("qat.opt:MaxCut", {}),
        Fields("qat.opt:Ising", {**fields_of(PROBLEMS[0]), "matrix": 3}),
        Fields("qat.opt:Ising", {**fields_of(PROBLEMS[0]), "offset": "much"}),
        Fields("qat.opt:Ising", {**fields_of(PROBLEMS[0]), "others": Table({"cost": 3})}),
        Fields("qat.opt:Ising", {**fields_of(PROBLEMS[0]), "others": 3}),
        Fields("qat.opt:SetPartitioningResult", {"problem": 3, "bits": "0", "result": None, "subsets": None}),
    ],
)
def test_fields_that_make_no_sense_are_refused(argument):
    with pytest.raises(WireError):
        unpack_argument(argument)
