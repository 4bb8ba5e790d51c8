"""MaxCut: split the nodes of a graph in two so that the edges between the parts weigh as much as possible."""

from __future__ import annotations

from typing import Any

import numpy as np

from qat.opt.graphs import Graph, adjacency
from qat.opt.ising import Ising
from qat.opt.results import GraphPartitioningResult, best_sample

__all__ = ["MaxCut"]


class MaxCut(Ising):
    """The MaxCut problem; the cost is minus the weight of the cut.

    Args:
        graph: a networkx graph; edges may carry a ``weight``.

    >>> import networkx
    >>> MaxCut(networkx.path_graph(3)).cost("010")
    -2.0
    """

    def __init__(self, graph: Graph, **kwargs: Any) -> None:
        weights = adjacency(graph)
        super().__init__(-weights / 4, np.zeros(len(weights)), **kwargs)
        self.graph = graph

    def parse_result(self, result: Any, inverse: bool = False) -> GraphPartitioningResult:
        """The best of the sampled partitions."""
        return best_sample(GraphPartitioningResult, self, result, inverse=inverse)
