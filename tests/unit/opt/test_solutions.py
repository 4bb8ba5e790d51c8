"""Solving problems through the generators, and reading solutions from samples."""

import networkx as nx
import pytest

from qat.core import Result
from qat.generators import (
    GraphColouringGenerator,
    GraphPartitioningGenerator,
    KCliqueGenerator,
    MaxCutGenerator,
    VertexCoverGenerator,
)
from qat.opt import GraphColouring, KClique, MaxCut, VertexCover
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg

SQUARE = nx.Graph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)])


def result_of(*states, nb_bits):
    result = Result(nbqbits=nb_bits)
    for state in states:
        result.add_sample(int(state, 2), probability=1 / len(states))
    return result


def solve(generator, *args, **kwargs):
    stack = ScipyMinimizePlugin(method="COBYLA", options={"maxiter": 60}, x0=[-0.4, -0.6]) | LinAlg()
    return (generator | stack).execute(*args, depth=1, **kwargs)


def test_max_cut():
    solution = solve(MaxCutGenerator(), SQUARE)
    assert solution.cost == -4
    assert sorted(solution.subsets) == [[0, 2], [1, 3]]
    assert solution.is_valid


def test_other_problems():
    assert sorted(solve(GraphPartitioningGenerator(), SQUARE, 2).subsets, key=len)[0].__len__() == 2
    assert solve(KCliqueGenerator(), SQUARE, 3, 8).clique in ([0, 1, 2], [0, 2, 3])
    assert solve(VertexCoverGenerator(), SQUARE).cover == [0, 2]
    assert sorted(solve(GraphColouringGenerator(), nx.path_graph(2), 2).subsets) == [[0], [1]]


def test_sampling_with_shots():
    stack = ScipyMinimizePlugin(method="COBYLA", options={"maxiter": 20}, x0=[-0.4, -0.6]) | LinAlg(seed=1)
    solution = (MaxCutGenerator() | stack).execute(SQUARE, depth=1, nbshots=200)
    assert solution.cost == -4


def test_without_an_optimizer_the_error_says_what_is_missing():
    with pytest.raises(Exception, match=r"gamma_\{0\}"):
        (MaxCutGenerator() | LinAlg()).execute(SQUARE, depth=1)


def test_valid_solutions_come_before_cheaper_invalid_ones():
    clique = KClique(SQUARE, 3, 8).parse_result(result_of("1111", "0111", "1011", nb_bits=4))
    assert clique.clique == [0, 2, 3]
    assert clique.clique_size == 3
    cover = VertexCover(SQUARE).parse_result(result_of("1000", "1110", nb_bits=4))
    assert cover.cover == [0, 1, 2]


def test_invalid_solutions_are_told():
    colouring = GraphColouring(nx.path_graph(2), 2).parse_result(result_of("1100", nb_bits=4))
    assert not colouring.is_valid
    assert type(colouring).__name__ == "InvalidPartitioningResult"
    with pytest.raises(ValueError, match="not valid"):
        colouring.display()
    assert type(VertexCover(SQUARE).parse_result(result_of("0000", nb_bits=4))).__name__ == "InvalidVertexCoverResult"
    assert not VertexCover(SQUARE).parse_result(result_of("0000", nb_bits=4)).is_valid


def test_inverse_reads_zeros_as_true():
    assert MaxCut(SQUARE).parse_result(result_of("0101", nb_bits=4), inverse=True).subsets == [[1, 3], [0, 2]]


def test_no_samples():
    with pytest.raises(ValueError, match="no samples"):
        MaxCut(SQUARE).parse_result(Result(raw_data=[]))
