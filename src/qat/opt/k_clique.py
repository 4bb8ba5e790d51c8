"""K-clique: find ``K`` nodes of a graph that are all joined to each other.

Source: A. Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2 (2014), section 2.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qat.opt.graphs import Graph, adjacency
from qat.opt.qubo import QUBO
from qat.opt.results import KCliqueResult, best_sample

__all__ = ["KClique"]


class KClique(QUBO):
    """``A * (K - nodes)**2 + B * (K * (K - 1) / 2 - edges among them)``.

    Args:
        graph: a networkx graph.
        K: size of the clique.
        A: weight of the size constraint, positive; above ``K * B``.
        B: weight of the edges, positive.

    Raises:
        ValueError: ``K`` is not between 1 and the number of nodes.

    >>> import networkx
    >>> problem = KClique(networkx.complete_graph(3), 3, 8)
    >>> problem.energy("111"), problem.energy("110")
    (0.0, 10.0)
    """

    def __init__(self, graph: Graph, K: int, A: float, B: float = 1, **kwargs: Any) -> None:  # noqa: N803
        edges = (adjacency(graph) != 0).astype(np.float64)
        size = len(edges)
        if not 0 < K <= size:
            raise ValueError(f"K must be between 1 and the number of nodes, {size}; got {K}")
        matrix = B * edges / 2 - A * (1 - np.eye(size)) + A * (2 * K - 1) * np.eye(size)
        super().__init__(matrix, -(A * K**2 + B * K * (K - 1) / 2), **kwargs)
        self.graph = graph

    def parse_result(self, result: Any, inverse: bool = False) -> KCliqueResult:
        """The best of the sampled sets of nodes."""
        return best_sample(KCliqueResult, self, result, inverse=inverse)
