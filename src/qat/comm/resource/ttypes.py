"""Published address of the structures that describe resources."""

from qat.core.enums import DeviceType, NodeType
from qat.core.resources import AddressedResources, AllocationModel, Device, ResourceModel

__all__ = ["AddressedResources", "AllocationModel", "Device", "DeviceType", "NodeType", "ResourceModel"]
