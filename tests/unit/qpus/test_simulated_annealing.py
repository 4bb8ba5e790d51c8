"""Simulated annealing finds ground states and samples them honestly."""

import networkx as nx
import numpy as np
import pytest

from qat.core import Job, Variable
from qat.core.errors import QPUException
from qat.generators import MaxCutGenerator
from qat.lang.AQASM import H, Program
from qat.opt import QUBO, Ising, MaxCut
from qat.qpus import SimulatedAnnealing

T = Variable("t")
COOLING = 10 * (1 - T) + 0.01 * T


def test_ground_state_of_fields():
    job = QUBO(np.diag([3.0, -3.0, 1.0])).to_job("sqa", nbshots=10)
    result = SimulatedAnnealing(COOLING, seed=1).submit(job)
    assert [(sample.state.bitstring, sample.probability) for sample in result] == [("101", 1.0)]


def test_through_the_generator():
    graph = nx.cycle_graph(8)
    solution = (MaxCutGenerator("sqa") | SimulatedAnnealing(COOLING, seed=2)).execute(graph, nbshots=40)
    assert solution.cost == -8


def test_one_temperature_samples_the_boltzmann_distribution():
    problem = Ising([[0, 0.3], [0.3, 0]], [0.2, -0.4])
    job = problem.to_job("sqa", nbshots=20_000)
    result = SimulatedAnnealing(1.5, n_steps=60, seed=3).submit(job)
    found = {sample.state.bitstring: (sample.probability, sample.err) for sample in result}
    weights = {bits: np.exp(-problem.energy(bits) / 1.5) for bits in ("00", "01", "10", "11")}
    for bits, weight in weights.items():
        probability, error = found[bits]
        assert abs(probability - weight / sum(weights.values())) < 5 * error


def test_every_shot_by_itself():
    job = MaxCut(nx.path_graph(3)).to_job("sqa", nbshots=7, aggregate_data=False)
    assert len(SimulatedAnnealing(COOLING, seed=1).submit(job)) == 7


def test_initial_parameters():
    parameters = MaxCut(nx.path_graph(3)).get_best_parameters(seed=1)
    assert parameters["n_steps"] == 283
    assert parameters["nbshots"] == 28
    assert parameters["temp_max"] > parameters["temp_min"] > 0


def test_bad_input():
    with pytest.raises(ValueError, match="n_steps=0"):
        SimulatedAnnealing(COOLING, n_steps=0)
    program = Program()
    H(program.qalloc(1))
    for job in (program.to_circ().to_job(), MaxCut(nx.path_graph(3)).to_job("aqo"), Job()):
        with pytest.raises(QPUException, match='to_job\\("sqa"\\)'):
            SimulatedAnnealing(COOLING).submit(job)
    job = MaxCut(nx.path_graph(3)).to_job("sqa")
    with pytest.raises(QPUException, match=r"temperature at t=0.505\d+ is -0.01"):
        SimulatedAnnealing(1 - 2 * T).submit(job)
