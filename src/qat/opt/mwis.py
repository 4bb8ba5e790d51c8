"""Maximum-weight independent set: the heaviest set of nodes no two of which are joined."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qat.opt.graphs import Graph, adjacency
from qat.opt.qubo import QUBO

__all__ = ["MWIS"]


class MWIS(QUBO):
    """``-(weight of the nodes) + penalty * (edges among them)``.

    Args:
        graph: a networkx graph.
        weights: weights of the nodes, shape ``(n,)``; 1 unless given. The penalty is one more than their sum.

    Raises:
        ValueError: there is not one weight for each node.

    >>> import networkx
    >>> problem = MWIS(networkx.path_graph(3))
    >>> problem.energy("101"), problem.energy("010"), problem.energy("110")
    (-2.0, -1.0, 2.0)
    """

    def __init__(self, graph: Graph, weights: ArrayLike | None = None, **kwargs: Any) -> None:
        edges = (adjacency(graph) != 0).astype(np.float64)
        values = np.ones(len(edges)) if weights is None else np.asarray(weights, dtype=np.float64)
        if values.shape != (len(edges),):
            raise ValueError(f"weights has shape {values.shape}, the graph asks for {(len(edges),)}")
        penalty = 1 + np.abs(values).sum()
        super().__init__(np.diag(values) - penalty * edges / 2, **kwargs)
        self.graph = graph
