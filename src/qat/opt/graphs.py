"""What the graph problems share: reading a networkx graph.

Variable ``k`` of a problem stands for the ``k``-th node in the order of ``graph.nodes``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Graph: TypeAlias = Any
"""A ``networkx.Graph``; networkx is loaded by those who make one."""

__all__ = ["Graph", "adjacency"]


def adjacency(graph: Graph) -> NDArray[np.float64]:
    """Symmetric matrix of edge weights (1 where an edge has none), shape ``(n, n)``; loops are left out.

    Raises:
        TypeError: if it is not a networkx graph.
        ValueError: if it has no nodes.
    """
    if not (hasattr(graph, "nodes") and hasattr(graph, "edges")):
        raise TypeError(f"a networkx graph is expected, got {type(graph).__name__}; use networkx.Graph(edges)")
    index = {node: number for number, node in enumerate(graph.nodes)}
    if not index:
        raise ValueError("the graph has no nodes; add some with graph.add_nodes_from or graph.add_edges_from")
    matrix = np.zeros((len(index), len(index)))
    for a, b, weight in graph.edges.data("weight", default=1.0):
        if a != b:
            matrix[index[a], index[b]] = matrix[index[b], index[a]] = weight
    return matrix
