"""Vertex cover: the fewest nodes that touch every edge of a graph.

Source: A. Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2 (2014), section 4.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qat.opt.graphs import Graph, adjacency
from qat.opt.qubo import QUBO
from qat.opt.results import VertexCoverResult, best_sample

__all__ = ["VertexCover"]


class VertexCover(QUBO):
    """``A * (edges not covered) + B * (nodes in the cover)``.

    Args:
        graph: a networkx graph.
        A: weight of the edges, positive; above ``B``.
        B: weight of the nodes, positive.

    >>> import networkx
    >>> problem = VertexCover(networkx.star_graph(3))
    >>> problem.energy("1000"), problem.energy("0111"), problem.energy("0000")
    (1.0, 3.0, 6.0)
    """

    def __init__(self, graph: Graph, A: float = 2, B: float = 1, **kwargs: Any) -> None:  # noqa: N803
        edges = (adjacency(graph) != 0).astype(np.float64)
        matrix = -A * edges / 2 + np.diag(A * edges.sum(axis=1) - B)
        super().__init__(matrix, -A * edges.sum() / 2, **kwargs)
        self.graph = graph

    def parse_result(self, result: Any, inverse: bool = False) -> VertexCoverResult:
        """The best of the sampled sets of nodes."""
        return best_sample(VertexCoverResult, self, result, inverse=inverse)
