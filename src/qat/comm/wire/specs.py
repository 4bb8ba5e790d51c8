"""Hardware specifications and topologies on the wire."""

from __future__ import annotations

import msgspec

from qat.comm.wire.codec import Format
from qat.comm.wire.gate_sets import Signature, pack_gate_set, unpack_gate_set
from qat.comm.wire.values import Value, pack_table, pack_value, unpack_table, unpack_value
from qat.core.errors import WireError
from qat.core.gate_set import GateSet
from qat.core.wrappers.hardware_specs import HardwareSpecs, Topology


class TopologyParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A topology; ``graph`` is its qubits, each with its neighbours."""

    type: int = 0
    graph: list[tuple[int, list[int]]] | None = None
    nb_qubits: int | None = None
    is_directed: bool = False


class SpecsParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hardware specifications; ``gate_names`` is a gate set given as something else than a gate set."""

    topology: TopologyParts
    gate_set: list[Signature] | None = None
    gate_names: Value = None
    description: Value = None
    processing_types: list[int] | None = None
    meta_data: dict[str, Value] | None = None


def pack_topology(topology: Topology) -> TopologyParts:
    """A topology as it travels."""
    graph = topology.graph
    edges = None if graph is None else [(int(qubit), [int(other) for other in graph[qubit]]) for qubit in graph]
    return TopologyParts(topology.type, edges, topology.nbqbits, bool(topology.is_directed))


def unpack_topology(parts: TopologyParts) -> Topology:
    """The topology.

    Raises:
        WireError: a qubit or the type is not one.
    """
    if parts.type not in (0, 1, 2) or not 0 <= (parts.nb_qubits or 0) < _LIMIT:
        raise WireError(f"a topology has type {parts.type} and {parts.nb_qubits} qubits")
    for qubit, others in parts.graph or ():
        if not 0 <= min((qubit, *others)) <= max((qubit, *others)) < _LIMIT:
            raise WireError(f"a topology connects {qubit} to {others[:9]}", "qubits from 0 on")
    graph = None if parts.graph is None else dict(parts.graph)
    return Topology(parts.is_directed, parts.nb_qubits, parts.type, graph)


_LIMIT = 1 << 31


def pack_specs(specs: HardwareSpecs) -> SpecsParts:
    """Hardware specifications as they travel."""
    gates = specs.gateset
    is_set = isinstance(gates, GateSet)
    return SpecsParts(
        topology=pack_topology(specs.topology),
        gate_set=pack_gate_set(gates) if is_set else None,  # type: ignore[arg-type]
        gate_names=None if is_set else pack_value(gates, "gateset"),
        description=pack_value(specs.description, "description"),
        processing_types=None if specs.processing_types is None else [int(code) for code in specs.processing_types],
        meta_data=pack_table(specs.meta_data, "meta_data"),
    )


def unpack_specs(parts: SpecsParts) -> HardwareSpecs:
    """The hardware specifications."""
    gates = unpack_value(parts.gate_names) if parts.gate_set is None else unpack_gate_set(parts.gate_set)
    return HardwareSpecs(
        topology=unpack_topology(parts.topology),
        gateset=gates,
        description=unpack_value(parts.description),
        processing_types=parts.processing_types,
        meta_data=unpack_table(parts.meta_data),
    )


FORMATS = {
    "Topology": Format(TopologyParts, pack_topology, unpack_topology),
    "HardwareSpecs": Format(SpecsParts, pack_specs, unpack_specs),
}
