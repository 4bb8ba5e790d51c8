"""Encodings against the problems' own words, by trying every bit string."""

from itertools import product

import networkx as nx
import numpy as np
import pytest

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

GRAPH = nx.Graph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)])
A, B = 5.0, 2.0


def bit_strings(nb_bits):
    return ("".join(bits) for bits in product("01", repeat=nb_bits))


def nb_edges(bits, wanted):
    return sum((bits[a], bits[b]) == wanted for a, b in [*GRAPH.edges, *(edge[::-1] for edge in GRAPH.edges)])


def cut(bits):
    return nb_edges(bits, ("0", "1"))


def colouring_energy(bits):
    nodes = [bits[2 * node : 2 * node + 2] for node in range(4)]
    return sum((1 - node.count("1")) ** 2 for node in nodes) + sum(
        nodes[a][c] == nodes[b][c] == "1" for a, b in GRAPH.edges for c in range(2)
    )


CASES = {
    "max cut": (MaxCut(GRAPH), lambda bits: 2.5 - cut(bits)),
    "partitioning": (
        GraphPartitioning(GRAPH, A, B),
        lambda bits: A * (bits.count("1") - bits.count("0")) ** 2 + B * cut(bits),
    ),
    "clique": (
        KClique(GRAPH, 3, 9.0, B),
        lambda bits: 9 * (3 - bits.count("1")) ** 2 + B * (3 - nb_edges(bits, ("1", "1")) / 2),
    ),
    "cover": (VertexCover(GRAPH, A, B), lambda bits: A * nb_edges(bits, ("0", "0")) / 2 + B * bits.count("1")),
    "colouring": (GraphColouring(GRAPH, 2), colouring_energy),
    "numbers": (
        NumberPartitioning([1, 2, 4]),
        lambda bits: sum(number * (1, -1)[int(bit)] for number, bit in zip((1, 2, 4), bits, strict=True)) ** 2,
    ),
    "independent set": (MWIS(GRAPH), lambda bits: -bits.count("1") + 5 * nb_edges(bits, ("1", "1")) / 2),
    "integer programming": (
        BILP([0, 1, 1], [[1, 0, 1]], [1], A, B),
        lambda bits: A * (int(bits[0]) + int(bits[2]) - 1) ** 2 - B * (int(bits[1]) + int(bits[2])),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_energy_is_that_of_the_problem(name):
    problem, expected = CASES[name]
    for bits in bit_strings(problem.nbqbits):
        assert problem.energy(bits) == pytest.approx(expected(bits))


@pytest.mark.parametrize("name", CASES)
def test_observable_is_the_energy_up_to_its_value_at_zero(name):
    problem, _ = CASES[name]
    diagonal = problem.get_observable("terms").to_matrix(sparse=True).diagonal().real
    energies = [problem.energy(bits) for bits in bit_strings(problem.nbqbits)]
    assert diagonal == pytest.approx(np.array(energies) - energies[0])
    assert diagonal == pytest.approx([problem.cost(bits) for bits in bit_strings(problem.nbqbits)])


@pytest.mark.parametrize("name", CASES)
def test_ising_observable_is_the_energy(name):
    problem, _ = CASES[name]
    diagonal = problem.get_observable("ising").to_matrix(sparse=True).diagonal().real
    assert diagonal == pytest.approx([problem.energy(bits) for bits in bit_strings(problem.nbqbits)])


@pytest.mark.parametrize("name", CASES)
def test_translations_keep_the_energy(name):
    problem, _ = CASES[name]
    ising = problem.to_ising()
    for bits in bit_strings(problem.nbqbits):
        assert ising.energy(bits) == pytest.approx(problem.energy(bits))
        assert ising.to_qubo().energy(bits) == pytest.approx(problem.energy(bits))
        assert ising.to_combinatorial_problem().cost(bits) == pytest.approx(ising.cost(bits))


def test_clauses():
    problem = CombinatorialProblem(maximization=True)
    a, b, c = problem.new_vars(3)
    problem.add_clause((a & b) | ~c).add_clause(a ^ b ^ c, weight=0.5)
    observable = problem.get_observable("terms").to_matrix(sparse=True).diagonal().real
    assert observable == pytest.approx([problem.cost(bits) for bits in bit_strings(3)])
    with pytest.raises(ValueError, match=r"couple \[0, 1, 2\]"):
        problem.to_ising()


def test_quadratic_clauses_translate():
    problem = CombinatorialProblem()
    a, b = problem.new_vars(2)
    problem.add_clause(a & b).add_clause(a ^ b, weight=0.5)
    for bits in bit_strings(2):
        assert problem.to_qubo().energy(bits) == pytest.approx(problem.cost(bits))


def test_schedules():
    job = MaxCut(GRAPH).to_job("aqo", tmax=4.0)
    assert job.schedule.tmax == 4.0
    assert str(job.schedule.drive[0][0]) == "(1 - (t / 4.0))"
    sqa = MaxCut(GRAPH).to_job("sqa")
    assert sqa.schedule.drive[0][1].ising.get_j_h_and_offset()[0][0, 1] == -0.25
    assert sqa.schedule.nbqbits == 4 and sqa.nbshots == 1 and MaxCut(GRAPH).to_job("sqa", nbshots=7).nbshots == 7


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QUBO([[1, 2], [0, 1]]), r"Q\[0, 1\] = 2.0 but Q\[1, 0\] = 0.0"),
        (lambda: QUBO([[1, float("nan")], [0, 1]]), "finite"),
        (lambda: QUBO([1, 2]), r"shape \(2,\)"),
        (lambda: Ising([[1, 0], [0, 0]], [0, 0]), "zero diagonal"),
        (lambda: Ising([[0, 1], [1, 0]], [0]), r"h has shape \(1,\)"),
        (lambda: MaxCut(nx.Graph()), "no nodes"),
        (lambda: KClique(GRAPH, 7, 8), "between 1 and the number of nodes, 4; got 7"),
        (lambda: GraphColouring(GRAPH, 0), "at least one colour"),
        (lambda: MWIS(GRAPH, [1, 2]), r"weights has shape \(2,\)"),
        (lambda: BILP([1], [[1, 2]], [1], 1), r"S has shape \(1, 2\)"),
        (lambda: NumberPartitioning([]), "list of numbers"),
        (lambda: MaxCut(GRAPH).to_job("qaoa", 0), "at least one layer, got depth=0"),
        (lambda: MaxCut(GRAPH).to_job("qaoa", 1, strategy="best"), "Unknown strategy 'best'"),
        (lambda: MaxCut(GRAPH).to_job("annealing"), "Unknown job type 'annealing'"),
        (lambda: MaxCut(GRAPH).get_observable("qubo"), "'ising' and 'terms'"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_wrong_types():
    with pytest.raises(TypeError, match="networkx graph is expected, got list"):
        MaxCut([(0, 1)])
    with pytest.raises(TypeError, match="cannot stand in a boolean expression"):
        CombinatorialProblem().new_var() & 1
    with pytest.raises(TypeError, match="got 'a'"):
        CombinatorialProblem().add_clause("a")
