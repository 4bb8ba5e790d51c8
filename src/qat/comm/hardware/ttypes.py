"""Hardware specifications and topologies. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.enums import TopologyType
from qat.core.wrappers.hardware_specs import HardwareSpecs, Topology

__all__ = ["HardwareSpecs", "Topology", "TopologyType"]
