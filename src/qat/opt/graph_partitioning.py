"""Graph partitioning: split the nodes in two halves of equal size with as few edges between them as possible.

Source: A. Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2 (2014), section 2.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qat.opt.graphs import Graph, adjacency
from qat.opt.ising import Ising
from qat.opt.results import GraphPartitioningResult, best_sample

__all__ = ["GraphPartitioning"]


class GraphPartitioning(Ising):
    """``A * (sum of spins)**2 + B * (edges cut)``.

    Args:
        graph: a networkx graph.
        A: weight of the constraint of equal halves, positive; large against ``B``.
        B: weight of the edges, positive.

    >>> import networkx
    >>> problem = GraphPartitioning(networkx.path_graph(4), 5)
    >>> problem.energy("0011"), problem.energy("0001")
    (1.0, 21.0)
    """

    def __init__(self, graph: Graph, A: float, B: float = 1, **kwargs: Any) -> None:  # noqa: N803
        weights = adjacency(graph)
        size = len(weights)
        couplings = B * weights / 4 - A * (1 - np.eye(size))
        offset = -(A * size + B * weights.sum() / 4)
        super().__init__(couplings, np.zeros(size), float(offset), **kwargs)
        self.graph = graph

    def parse_result(self, result: Any, inverse: bool = False) -> GraphPartitioningResult:
        """The best of the sampled partitions."""
        return best_sample(GraphPartitioningResult, self, result, inverse=inverse)
