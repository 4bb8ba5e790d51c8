"""The published enumerations: classes of plain integers, each with its two name tables.

>>> OpType.MEASURE, OpType._VALUES_TO_NAMES[1], OpType._NAMES_TO_VALUES["RESET"]
(1, 'MEASURE', 2)
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AsyncBatchType", "DeviceType", "ErrorType", "JobStatus", "NodeType", "OpType", "ParamType", "ProcessingType",
    "RepresentationType", "TopologyType",
]  # fmt: skip


class IntNames:
    """Base of the enumerations: the integers of a subclass, by value and by name.

    >>> class Colour(IntNames):
    ...     RED = 0
    >>> Colour._VALUES_TO_NAMES, Colour._NAMES_TO_VALUES
    ({0: 'RED'}, {'RED': 0})
    """

    _VALUES_TO_NAMES: ClassVar[dict[int, str]] = {}
    _NAMES_TO_VALUES: ClassVar[dict[str, int]] = {}

    def __init_subclass__(cls) -> None:
        cls._NAMES_TO_VALUES = {name: value for name, value in vars(cls).items() if type(value) is int}
        cls._VALUES_TO_NAMES = {value: name for name, value in cls._NAMES_TO_VALUES.items()}


class OpType(IntNames):
    """What an operation of a circuit does.

    >>> OpType.GATETYPE
    0
    """

    GATETYPE = 0
    MEASURE = 1
    RESET = 2
    CLASSIC = 3
    CLASSICCTRL = 4
    BREAK = 5
    REMAP = 6


class ProcessingType(IntNames):
    """What a job asks for: samples, or the mean value of an observable.

    >>> ProcessingType.OBSERVABLE
    1
    """

    SAMPLE = 0
    OBSERVABLE = 1


class TopologyType(IntNames):
    """How the qubits of a device are connected.

    >>> TopologyType.LNN
    1
    """

    ALL_TO_ALL = 0
    LNN = 1
    CUSTOM = 2


class ParamType(IntNames):
    """Type of a gate parameter.

    >>> ParamType.DOUBLE
    1
    """

    INT = 0
    DOUBLE = 1
    STRING = 2
    MATRIX = 3
    SERIALIZED = 4
    COMPLEX = 5


class ErrorType(IntNames):
    """Codes of the service exceptions.

    >>> ErrorType.ILLEGAL_GATES
    11
    """

    ABORT = 1
    INVALID_ARGS = 2
    NONERESULT = 5
    BREAK = 10
    ILLEGAL_GATES = 11
    NBQBITS = 12
    NBCBITS = 13
    NOT_SIMULATABLE = 14
    INSUFFICIENT_RESOURCES = 15


class RepresentationType(IntNames):
    """How a quantum channel is written down.

    >>> RepresentationType.KRAUS
    0
    """

    KRAUS = 0
    PTM = 1
    CHI = 2
    CHOI = 3
    SUPEROP = 4


class JobStatus(IntNames):
    """State of a job on an access server.

    >>> JobStatus.DONE
    3
    """

    WAITING = 1
    RUNNING = 2
    DONE = 3
    CANCELLED = 4
    UNKNOWN_JOB = 5
    IN_BUCKET = 6
    DELETED = 7
    STOPPED = 8
    FAILED = 9
    SLURM_OFFLOAD = 10
    PENDING = 11
    SLURM_SENT = 12


class DeviceType(IntNames):
    """Kind of device in a resource request.

    >>> DeviceType.GPU
    1
    """

    QPU = 0
    GPU = 1


class NodeType(IntNames):
    """Kind of compute node in a resource request.

    >>> NodeType.COMMODITY
    1
    """

    QAPTIVA = 0
    COMMODITY = 1


class AsyncBatchType(IntNames):
    """Role of a batch sent to an access server.

    >>> AsyncBatchType.ONESHOT
    0
    """

    ONESHOT = 0
    SESSION_OPEN = 1
    SESSION_CLOSE = 2
    SESSION_ITEM = 3
