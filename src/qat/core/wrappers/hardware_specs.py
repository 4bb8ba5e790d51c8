"""What a QPU is: its number of qubits, how they are connected, its gates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qat.core.enums import TopologyType
from qat.core.serialization import Serializable

if TYPE_CHECKING:
    from qat.core.gate_set import GateSet
    from qat.core.quameleon import QuameleonPlugin

__all__ = ["HardwareSpecs", "Topology", "TopologyType"]


class _Specs(Serializable):
    """Compared and printed by fields."""

    fields: ClassVar[tuple[str, ...]] = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.fields)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({shown})"


class Topology(_Specs):
    """How qubits are connected.

    Args:
        is_directed: whether the edge (a, b) allows gates on (a, b) only; otherwise it allows (b, a) too.
        nbqbits: number of qubits.
        type: one of :class:`TopologyType`; custom when a graph is given, otherwise all to all.
        graph: for each qubit its neighbours, as lists; needed by a custom topology.

    >>> topology = Topology()
    >>> topology.add_edge(0, 1)
    >>> topology.add_edge(2, 1)
    >>> topology.graph
    {0: [1], 1: [0, 2], 2: [1]}
    """

    file_extension = ".topo"
    fields = ("type", "graph", "nbqbits", "is_directed")

    def __init__(
        self,
        is_directed: bool = False,
        nbqbits: int | None = None,
        type: int | None = None,  # noqa: A002
        graph: dict[int, list[int]] | None = None,
        _nbqbits: int | None = None,
    ) -> None:
        default = TopologyType.ALL_TO_ALL if graph is None else TopologyType.CUSTOM
        self.type = default if type is None else type
        self.graph = graph
        self.nbqbits = _nbqbits if nbqbits is None else nbqbits
        self.is_directed = is_directed

    def add_edge(self, qb1: int, qb2: int) -> None:
        """Connects two qubits, both ways unless directed; the topology becomes a custom one."""
        self.type = TopologyType.CUSTOM
        if self.graph is None:
            self.graph = {}
        self._connect(self.graph, qb1, qb2)
        if not self.is_directed:
            self._connect(self.graph, qb2, qb1)

    @staticmethod
    def _connect(graph: dict[int, list[int]], source: int, target: int) -> None:
        neighbours = graph.setdefault(source, [])
        if target not in neighbours:
            neighbours.append(target)

    def set_nbqbits(self) -> None:
        """Takes the number of qubits from the graph: one more than its largest qubit."""
        if self.graph:
            self.nbqbits = 1 + max(max((qubit, *neighbours)) for qubit, neighbours in self.graph.items())

    def to_nx(self, nqbits: int | None = None) -> Any:
        """The topology as a networkx graph (a ``DiGraph`` when directed).

        Args:
            nqbits: number of qubits, when the topology does not know it.

        Raises:
            RuntimeError: the number of qubits is needed and unknown.
            ModuleNotFoundError: networkx is not installed.

        >>> sorted(Topology(type=TopologyType.LNN).to_nx(3).edges)
        [(0, 1), (1, 2)]
        """
        import networkx

        if self.type != TopologyType.CUSTOM:
            make = networkx.path_graph if self.type == TopologyType.LNN else networkx.complete_graph
            graph = make(self._known_nbqbits(nqbits))
            return graph.to_directed() if self.is_directed else graph
        graph = networkx.DiGraph() if self.is_directed else networkx.Graph()
        graph.add_nodes_from(range(nqbits or self.nbqbits or 0))
        graph.add_edges_from((qubit, other) for qubit, others in (self.graph or {}).items() for other in others)
        return graph

    def _known_nbqbits(self, nqbits: int | None) -> int:
        known = self.nbqbits if nqbits is None else nqbits
        if known is None:
            name = TopologyType._VALUES_TO_NAMES.get(self.type, str(self.type))
            raise RuntimeError(f"a topology of type {name} needs its number of qubits to be a graph: give nbqbits.")
        return known

    @classmethod
    def from_nx(cls, nx_graph: Any, vmap: Mapping[Any, int] | None = None) -> Topology:
        """The topology of a networkx graph.

        Args:
            nx_graph: the graph; directed graphs give directed topologies.
            vmap: for each vertex its qubit; by default vertices are numbered, in their order.

        >>> import networkx
        >>> Topology.from_nx(networkx.path_graph(3)).graph
        {0: [1], 1: [0, 2], 2: [1]}
        """
        qubits = {vertex: qubit for qubit, vertex in enumerate(nx_graph.nodes)} if vmap is None else vmap
        topology = cls(is_directed=nx_graph.is_directed(), nbqbits=len(nx_graph), type=TopologyType.CUSTOM, graph={})
        for first, second in nx_graph.edges:
            topology.add_edge(qubits[first], qubits[second])
        return topology


class HardwareSpecs(_Specs):
    """What a QPU is.

    Args:
        nbqbits: number of qubits, kept in the topology; ``None`` when there is no limit.
        topology: how they are connected; all to all by default.
        gateset: the gates it knows; ``None`` when there is no limit.
        description: text, or a serialised device.
        processing_types: what kinds of job it takes (:class:`ProcessingType`).
        meta_data: text by text.
        display: kept for compatibility.

    >>> HardwareSpecs(nbqbits=3).topology.type == TopologyType.ALL_TO_ALL
    True
    """

    file_extension = ".hw"
    fields = ("topology", "gateset", "description", "processing_types", "meta_data")

    def __init__(
        self,
        nbqbits: int | None = None,
        topology: Topology | None = None,
        gateset: GateSet | None = None,
        description: str | None = None,
        processing_types: list[int] | None = None,
        meta_data: dict[str, str] | None = None,
        display: Any = None,
    ) -> None:
        self.topology = Topology() if topology is None else topology
        if nbqbits is not None:
            self.topology.nbqbits = nbqbits
        self.gateset = gateset
        self.description = description
        self.processing_types = processing_types
        self.meta_data = meta_data

    @property
    def nbqbits(self) -> int | None:
        """Number of qubits."""
        return self.topology.nbqbits

    @nbqbits.setter
    def nbqbits(self, nbqbits: int | None) -> None:
        self.topology.nbqbits = nbqbits

    def as_graph(self, nqbits: int | None = None) -> Any:
        """The topology as a networkx graph; see :meth:`Topology.to_nx`."""
        return self.topology.to_nx(nqbits)

    def as_quameleon(self) -> QuameleonPlugin:
        """A plugin that lets a QPU appear with these specifications and refuses what does not fit them."""
        from qat.core.quameleon import QuameleonPlugin

        return QuameleonPlugin(specs=self)
