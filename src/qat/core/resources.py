"""Resources: what a batch needs, what it is given, what is there. Memory in MB, time in minutes unless said."""

from __future__ import annotations

from qat.core.records import Record

__all__ = ["AddressedResources", "AllocationModel", "Device", "ResourceModel"]


class Device(Record):
    """An accelerator or a QPU.

    >>> from qat.core.enums import DeviceType
    >>> Device(DeviceType.GPU, manufacturer="NVIDIA").type
    1
    """

    fields = ("type", "manufacturer", "model", "identifier")

    def __init__(
        self,
        type: int | None = None,  # noqa: A002 (published name)
        manufacturer: str | None = None,
        model: str | None = None,
        identifier: str | None = None,
    ) -> None:
        self.type = type
        self.manufacturer = manufacturer
        self.model = model
        self.identifier = identifier


class ResourceModel(Record):
    """What a batch needs.

    >>> ResourceModel(qpu="qat.qpus:LinAlg", nbqbits=20, job_count=2).nbqbits
    20
    """

    fields = (
        "qpu", "nbqbits", "job_count", "mem_necessary_biggest_job_mb", "wished_thread_count", "devices", "nb_nodes",
        "node_type", "max_time_minutes",
    )  # fmt: skip

    def __init__(
        self,
        qpu: str | None = None,
        nbqbits: int | None = None,
        job_count: int | None = None,
        mem_necessary_biggest_job_mb: int | None = None,
        wished_thread_count: int | None = None,
        devices: list[Device] | None = None,
        nb_nodes: int | None = None,
        node_type: int | None = None,
        max_time_minutes: int | None = None,
    ) -> None:
        self.qpu = qpu
        self.nbqbits = nbqbits
        self.job_count = job_count
        self.mem_necessary_biggest_job_mb = mem_necessary_biggest_job_mb
        self.wished_thread_count = wished_thread_count
        self.devices = devices
        self.nb_nodes = nb_nodes
        self.node_type = node_type
        self.max_time_minutes = max_time_minutes


class AllocationModel(Record):
    """What a batch is given.

    >>> AllocationModel(parallel_job_count=2).parallel_job_count
    2
    """

    fields = (
        "devices", "sequential_round_count", "parallel_job_count", "allocated_thread_count_per_job",
        "allocated_total_memory_mb", "estimated_batch_completion_time", "reservation_id",
    )  # fmt: skip

    def __init__(
        self,
        devices: list[Device] | None = None,
        sequential_round_count: int | None = None,
        parallel_job_count: int | None = None,
        allocated_thread_count_per_job: int | None = None,
        allocated_total_memory_mb: int | None = None,
        estimated_batch_completion_time: float | None = None,
        reservation_id: str | None = None,
    ) -> None:
        self.devices = devices
        self.sequential_round_count = sequential_round_count
        self.parallel_job_count = parallel_job_count
        self.allocated_thread_count_per_job = allocated_thread_count_per_job
        self.allocated_total_memory_mb = allocated_total_memory_mb
        self.estimated_batch_completion_time = estimated_batch_completion_time
        self.reservation_id = reservation_id


class AddressedResources(Record):
    """What a server has.

    >>> AddressedResources(total_addressed_threads=8).total_addressed_threads
    8
    """

    fields = ("total_addressed_threads", "total_addressed_memory", "attached_devices")

    def __init__(
        self,
        total_addressed_threads: int | None = None,
        total_addressed_memory: int | None = None,
        attached_devices: list[Device] | None = None,
    ) -> None:
        self.total_addressed_threads = total_addressed_threads
        self.total_addressed_memory = total_addressed_memory
        self.attached_devices = attached_devices
