"""Hardware specifications and topologies."""

import copy

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.enums import TopologyType
from qat.core.wrappers.hardware_specs import HardwareSpecs, Topology

EDGES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda edge: edge[0] != edge[1]), max_size=12)


def test_defaults():
    specs = HardwareSpecs()
    assert (specs.nbqbits, specs.topology.type, specs.gateset, specs.meta_data) == (
        None,
        TopologyType.ALL_TO_ALL,
        None,
        None,
    )
    assert Topology(graph={0: [1]}).type == TopologyType.CUSTOM


def test_the_number_of_qubits_belongs_to_the_topology():
    specs = HardwareSpecs(nbqbits=3)
    specs.nbqbits = 7
    assert specs.topology.nbqbits == 7


@given(EDGES)
def test_undirected_edges_go_both_ways_and_are_kept_once(edges):
    topology = Topology(type=TopologyType.CUSTOM)
    for edge in [*edges, *edges]:
        topology.add_edge(*edge)
    found = {frozenset(edge) for edge in topology.to_nx().edges}
    assert found == set(map(frozenset, edges))
    assert all(len(set(others)) == len(others) for others in (topology.graph or {}).values())


@given(EDGES)
def test_directed_edges_go_one_way(edges):
    topology = Topology(is_directed=True, type=TopologyType.CUSTOM)
    for edge in edges:
        topology.add_edge(*edge)
    graph = topology.to_nx()
    assert set(graph.edges) == set(edges) and graph.is_directed()


@pytest.mark.parametrize("graph", [networkx.path_graph(4), networkx.DiGraph([(0, 1), (2, 1)]), networkx.star_graph(3)])
def test_networkx_graphs_come_back(graph):
    topology = Topology.from_nx(graph)
    assert topology.nbqbits == len(graph) and topology.is_directed == graph.is_directed()
    assert networkx.utils.graphs_equal(
        topology.to_nx(), networkx.relabel_nodes(graph, {v: i for i, v in enumerate(graph)})
    )


def test_vertices_are_numbered_or_mapped():
    graph = networkx.Graph([("a", "b")])
    assert Topology.from_nx(graph).graph == {0: [1], 1: [0]}
    assert Topology.from_nx(graph, vmap={"a": 1, "b": 0}).graph == {1: [0], 0: [1]}


def test_lines_and_complete_graphs_need_a_number_of_qubits():
    line = Topology(type=TopologyType.LNN)
    assert sorted(line.to_nx(3).edges) == [(0, 1), (1, 2)]
    assert sorted(Topology(nbqbits=3).to_nx().edges) == [(0, 1), (0, 2), (1, 2)]
    assert sorted(HardwareSpecs(nbqbits=2).as_graph().edges) == [(0, 1)]
    assert Topology(nbqbits=2, is_directed=True).to_nx().is_directed()
    with pytest.raises(RuntimeError, match="type LNN needs its number of qubits"):
        line.to_nx()


def test_isolated_qubits_are_in_the_graph():
    topology = Topology(nbqbits=4)
    topology.add_edge(0, 1)
    assert sorted(HardwareSpecs(topology=topology).as_graph().nodes) == [0, 1, 2, 3]


def test_the_number_of_qubits_can_be_read_off_the_graph():
    topology = Topology()
    topology.set_nbqbits()
    assert topology.nbqbits is None
    topology.add_edge(0, 5)
    topology.set_nbqbits()
    assert topology.nbqbits == 6


def test_comparison_and_printing_go_by_fields():
    specs = HardwareSpecs(nbqbits=2, description="d", meta_data={"a": "b"})
    assert specs == copy.deepcopy(specs) and specs != HardwareSpecs(nbqbits=3) and specs != 2
    assert "description='d'" in repr(specs) and "nbqbits=2" in repr(specs)


def test_as_quameleon_is_a_plugin_with_these_specs():
    from qat.core.plugins import AbstractPlugin

    assert isinstance(HardwareSpecs(nbqbits=2).as_quameleon(), AbstractPlugin)
