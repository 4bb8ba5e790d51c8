"""Sequences of neutral-atom machines in jobs, and their counts as results. No input or output here.

A vendor's client puts the abstract representation of a pulse sequence into the opaque field of a schedule
(``schedule._other``): UTF-8 text of a JSON object with the key ``abstr_seq``. It passes through as it is.

Source: ``pulser_myqlm/helpers/deserialize_other.py`` in pasqal-io/Pulser-myQLM for the field;
``python/qrmi/pulser/connection.py`` in qiskit-community/qrmi for counts and targets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from qat.core.enums import ErrorType, ProcessingType
from qat.core.errors import QPUException
from qat.core.wrappers.result import Result
from qhpc.broker.drivers.jobs import job_in
from qhpc.broker.drivers.protocol import DeviceError

__all__ = ["SequenceTask", "counts_in", "device_in", "result_of", "sequence_in"]


class SequenceTask(NamedTuple):
    """A task of a neutral-atom machine.

    Attributes:
        sequence: its abstract representation, JSON.
        nb_shots: how often it shall be run.
    """

    sequence: str
    nb_shots: int


def sequence_in(payload: bytes, max_shots: int | None = None) -> SequenceTask:
    """The sequence in the message of a job.

    Raises:
        WireError: it is no message of a job.
        QPUException: the job has no schedule with a sequence, no shots, or asks for observables.

    >>> from qat.comm.wire import encode
    >>> from qat.core import Observable, Schedule
    >>> schedule = Schedule(Observable.sigma_x(0), tmax=1.0)
    >>> schedule._other = b'{"abstr_seq": "{}"}'
    >>> sequence_in(encode(schedule.to_job(nbshots=100)))
    SequenceTask(sequence='{}', nb_shots=100)
    """
    job = job_in(payload, max_shots=max_shots)
    if job.schedule is None:
        raise _refused("this QPU runs schedules, and the job has a circuit: submit it to a gate QPU")
    if job.type != ProcessingType.SAMPLE:
        raise _refused("this QPU samples, and the job asks for an observable: evaluate it on samples")
    if not job.nbshots:
        raise _refused("this QPU needs a number of shots: give nbshots")
    return SequenceTask(_sequence(job.schedule._other), job.nbshots)


def _sequence(other: object) -> str:
    """The sequence in the opaque field of a schedule."""
    try:
        sequence = json.loads(other)["abstr_seq"] if isinstance(other, bytes) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        sequence = None
    if not isinstance(sequence, str):
        raise _refused(
            "the schedule carries no pulse sequence: this QPU runs schedules that the vendor's client has made, with "
            "the JSON key 'abstr_seq' in the field _other"
        )
    return sequence


def counts_in(text: str) -> dict[str, int]:
    """Counts by outcome, qubit 0 first, in what a resource answered.

    Raises:
        DeviceError: there are none.

    >>> counts_in('{"counter": {"01": 3, "10": 1}}')
    {'01': 3, '10': 1}
    """
    try:
        counter = json.loads(text)["counter"]
        counts = {str(bits): int(count) for bits, count in counter.items() if count > 0}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        counts = {}
    are_bits = all(bits and set(bits) <= {"0", "1"} for bits in counts)
    if not counts or not are_bits or len(set(map(len, counts))) != 1:
        raise DeviceError(f"the resource answered no counts: {text!r:.200}", is_retryable=False, may_have_run=True)
    return counts


def result_of(counts: Mapping[str, int]) -> Result:
    """Counts as a result: frequencies and their standard errors.

    >>> result_of({"01": 3, "10": 1})
    Result(nbqbits=2, raw_data=[Sample(state=|01>, probability=0.75, err=0.25), ...], meta_data={'nbshots': '4'})
    """
    nb_shots = sum(counts.values())
    frequencies = np.array(list(counts.values())) / nb_shots
    errors = np.sqrt(frequencies * (1 - frequencies) / (nb_shots - 1)) if nb_shots > 1 else None
    return Result.from_arrays(
        [int(bits, 2) for bits in counts],
        probabilities=frequencies,
        errors=errors,
        nbqbits=len(next(iter(counts))),
        meta_data={"nbshots": str(nb_shots)},
    )


def device_in(target: str, resource: str) -> str:
    """The description of a device in what a resource says of its target: that of its name, else the first.

    >>> device_in('[{"device_type": "FRESNEL", "specs": "{}"}]', "FRESNEL")
    '{}'
    >>> device_in("what else", "FRESNEL")
    'what else'
    """
    try:
        devices = {each["device_type"]: each["specs"] for each in json.loads(target)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return target
    specs = devices.get(resource, next(iter(devices.values()), target))
    return specs if isinstance(specs, str) else json.dumps(specs)


def _refused(message: str) -> QPUException:
    return QPUException(ErrorType.INVALID_ARGS, "qhpc.broker.drivers", message)
