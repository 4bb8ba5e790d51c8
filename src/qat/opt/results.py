"""Solutions of combinatorial problems in the words of the problem. Nodes and elements are given by number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

__all__ = [
    "CombinatorialResult",
    "GraphPartitioningResult",
    "InvalidKCliqueResult",
    "InvalidPartitioningResult",
    "InvalidVertexCoverResult",
    "KCliqueResult",
    "SetPartitioningResult",
    "VertexCoverResult",
    "best_sample",
]

_FLIPPED = str.maketrans("01", "10")


class CombinatorialResult:
    """A bit string with its cost.

    Args:
        problem: the problem it is a solution of.
        sample: the sample it was read from.
        result: all samples.
        inverse: read "0" as true.

    Attributes:
        bits: the bit string, "1" for true.
        cost: its cost.
        is_valid: whether it meets the constraints. Results compare by validity, then by cost.
    """

    is_valid = True

    def __init__(self, problem: Any, sample: Any, result: Any = None, inverse: bool = False) -> None:
        self.problem, self.result = problem, result
        self.bits = _bits(sample, inverse)
        self.cost = problem.cost(self.bits)

    def __lt__(self, other: CombinatorialResult) -> bool:
        return bool((not self.is_valid, self.cost) < (not other.is_valid, other.cost))


class SetPartitioningResult(CombinatorialResult):
    """Elements divided into subsets.

    Attributes:
        subsets: the elements of each subset; of two, the first has the elements with bit 0.
    """

    def __init__(self, subsets: list[list[int]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subsets = subsets


class GraphPartitioningResult(SetPartitioningResult):
    """Nodes of a graph divided into subsets.

    Attributes:
        graph: the networkx graph.

    >>> import networkx
    >>> from qat.core import Result
    >>> from qat.opt import MaxCut
    >>> result = Result(nbqbits=4)
    >>> result.add_sample(0b0101)
    >>> GraphPartitioningResult.from_sample(MaxCut(networkx.cycle_graph(4)), result[0]).subsets
    [[0, 2], [1, 3]]
    """

    def __init__(self, graph: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.graph = graph

    @classmethod
    def from_sample(
        cls, problem: Any, sample: Any, result: Any = None, *, multiple_qubits_encoding: bool = False,
        number_of_partitions: int = 2, inverse: bool = False,
    ) -> GraphPartitioningResult:  # fmt: skip
        """The partition a sample stands for, of the class for invalid results if it breaks a constraint.

        Args:
            problem: a problem with a ``graph``.
            sample: the sample.
            result: all samples, kept in the result.
            multiple_qubits_encoding: whether each node has one qubit for each subset, instead of one qubit in all.
            number_of_partitions: number of subsets.
            inverse: read "0" as true.
        """
        bits = _bits(sample, inverse)
        stride = number_of_partitions if multiple_qubits_encoding else 1
        wanted = ["1"] * number_of_partitions if multiple_qubits_encoding else ["0", "1"]
        offsets = range(number_of_partitions) if multiple_qubits_encoding else (0, 0)
        subsets = [
            [node for node in range(len(bits) // stride) if bits[node * stride + offset] == bit]
            for offset, bit in zip(offsets, wanted, strict=True)
        ]
        valid = sum(map(len, subsets)) == len(set().union(*subsets)) == len(bits) // stride
        chosen = cls if valid and cls.is_solution(problem, subsets) else cls.invalid_class()
        return chosen(problem.graph, subsets, problem, sample, result, inverse)

    @classmethod
    def is_solution(cls, problem: Any, subsets: list[list[int]]) -> bool:
        """Whether a division of the nodes meets the constraints of the problem."""
        return True

    @classmethod
    def invalid_class(cls) -> type[GraphPartitioningResult]:
        """The class of results that break a constraint."""
        return InvalidPartitioningResult

    def display(
        self, with_figure: bool = False, figsize: tuple[float, float] = (6.4, 4.8), node_size: int = 300,
        font_size: int = 12, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Draw the graph with networkx and matplotlib, one colour for each subset."""
        import networkx
        from matplotlib import pyplot

        if with_figure:
            pyplot.figure(figsize=figsize)
        nodes = list(self.graph.nodes)
        colours = {nodes[number]: f"C{part}" for part, subset in enumerate(self.subsets) for number in subset}
        networkx.draw_networkx(
            self.graph, node_color=[colours[node] for node in nodes], node_size=node_size, font_size=font_size, **kwargs
        )


class KCliqueResult(GraphPartitioningResult):
    """A set of nodes that are all joined to each other."""

    @property
    def clique(self) -> list[int]:
        """The nodes of the clique."""
        return self.subsets[1]

    @property
    def clique_size(self) -> int:
        """Number of nodes of the clique."""
        return len(self.clique)

    @classmethod
    def is_solution(cls, problem: Any, subsets: list[list[int]]) -> bool:
        """Whether all nodes of the second subset are joined."""
        nodes = list(problem.graph.nodes)
        chosen = [nodes[number] for number in subsets[1]]
        return all(problem.graph.has_edge(a, b) for i, a in enumerate(chosen) for b in chosen[:i])

    @classmethod
    def invalid_class(cls) -> type[GraphPartitioningResult]:
        """The class of results that are no clique."""
        return InvalidKCliqueResult


class VertexCoverResult(GraphPartitioningResult):
    """A set of nodes that touches every edge."""

    @property
    def cover(self) -> list[int]:
        """The nodes of the cover."""
        return self.subsets[1]

    @classmethod
    def is_solution(cls, problem: Any, subsets: list[list[int]]) -> bool:
        """Whether every edge has an end in the second subset."""
        nodes = list(problem.graph.nodes)
        chosen = {nodes[number] for number in subsets[1]}
        return all(a in chosen or b in chosen for a, b in problem.graph.edges)

    @classmethod
    def invalid_class(cls) -> type[GraphPartitioningResult]:
        """The class of results that leave edges uncovered."""
        return InvalidVertexCoverResult


class InvalidPartitioningResult(GraphPartitioningResult):
    """A sample that breaks a constraint of the problem."""

    is_valid = False

    def display(self, *args: Any, **kwargs: Any) -> None:
        """There is nothing to draw.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"the sampled partition {self.subsets} is not valid, so it cannot be displayed; sample more")


class InvalidKCliqueResult(InvalidPartitioningResult, KCliqueResult):
    """A set of nodes not all of which are joined."""


class InvalidVertexCoverResult(InvalidPartitioningResult, VertexCoverResult):
    """A set of nodes that leaves edges uncovered."""


R = TypeVar("R", bound=GraphPartitioningResult)


def best_sample(kind: type[R], problem: Any, result: Any, **options: Any) -> R:
    """The best valid solution among samples; the best invalid one if there is no other.

    Args:
        kind: class of the solution.
        problem: the problem.
        result: a result, or a batch result whose results are all looked through.
        options: arguments of ``from_sample``.

    Raises:
        ValueError: if there is no sample.
    """
    parts: Iterable[Any] = getattr(result, "results", None) or [result]
    found = [kind.from_sample(problem, sample, part, **options) for part in parts for sample in part]
    if not found:
        raise ValueError("the result has no samples to choose a solution from; run a sampling job with shots")
    return min(found)  # type: ignore[return-value]


def _bits(sample: Any, inverse: bool) -> str:
    bits: str = sample.state.bitstring
    return bits.translate(_FLIPPED) if inverse else bits
