"""Graph colouring: give each node one of ``n`` colours so that no edge joins two nodes of the same colour.

Source: A. Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2 (2014), section 6.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qat.opt.graphs import Graph, adjacency
from qat.opt.qubo import QUBO
from qat.opt.results import GraphPartitioningResult, best_sample

__all__ = ["GraphColouring"]


class GraphColouring(QUBO):
    """``sum over nodes (1 - its colours)**2 + (edges of one colour)``; variable ``node * n + colour``.

    Args:
        graph: a networkx graph.
        number_of_colours: how many colours there are.

    Raises:
        ValueError: there is no colour.

    >>> import networkx
    >>> problem = GraphColouring(networkx.path_graph(2), 2)
    >>> problem.energy("1001"), problem.energy("1010"), problem.energy("0000")
    (0.0, 1.0, 2.0)
    """

    def __init__(self, graph: Graph, number_of_colours: int, **kwargs: Any) -> None:
        if number_of_colours < 1:
            raise ValueError(f"at least one colour is needed, got number_of_colours={number_of_colours}")
        edges = (adjacency(graph) != 0).astype(np.float64)
        colours = np.eye(number_of_colours)
        one_each = np.kron(np.eye(len(edges)), 2 * colours - 1)
        super().__init__(one_each - np.kron(edges, colours) / 2, -len(edges), **kwargs)
        self.graph = graph
        self.number_of_colours = number_of_colours

    def parse_result(self, result: Any, inverse: bool = False) -> GraphPartitioningResult:
        """The best of the sampled colourings, one subset of nodes for each colour."""
        return best_sample(
            GraphPartitioningResult, self, result, inverse=inverse, multiple_qubits_encoding=True,
            number_of_partitions=self.number_of_colours,
        )  # fmt: skip
