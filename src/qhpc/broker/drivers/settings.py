"""What a driver is told when it starts, and the options of each kind of driver. No input or output here."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from qhpc.scheduling.timings import TIMINGS

__all__ = [
    "KINDS", "BadOptions", "Configuration", "EmulatedOptions", "FaultOptions", "InstalledOptions", "QrmiOptions",
    "ServedOptions", "ServiceOptions", "checked_options", "configuration_in",
]  # fmt: skip

_NotNegative = Annotated[float, Meta(ge=0)]
_Positive = Annotated[float, Meta(gt=0)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Count = Annotated[int, Meta(ge=1)]


class BadOptions(ValueError):  # noqa: N818 (says what it is)
    """A driver cannot be configured so: the message names the option, what was expected, and near names."""


class _Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the options."""


class FaultOptions(_Options, frozen=True):
    """What a driver does wrong on purpose, for drills; each is the probability for one answer (``death``: one slice).

    Attributes:
        late: it comes late.
        late_s: so late at most.
        twice: it comes twice.
        wrong: it makes no sense.
        never: it does not come; once the broker attaches again it does.
        death: the process is killed while a slice runs, or right before or after.
        seed: of the random numbers.
        slice_log: file that tells what the QPU ran: a line when a slice begins, and one when it ends.
    """

    late: _Share = 0.0
    late_s: _NotNegative = 1.0
    twice: _Share = 0.0
    wrong: _Share = 0.0
    never: _Share = 0.0
    death: _Share = 0.0
    seed: int | None = None
    slice_log: str | None = None


class ServiceOptions(_Options, frozen=True):
    """A QPU of the installed services.

    Attributes:
        service: ``qat.qpus:NAME``, as ``from qat.qpus import NAME`` finds it.
        arguments: its arguments by name.
        max_qubits: larger jobs are refused.
        max_shots: jobs with more are refused.
        memory_mb: memory that it may use, for QPUs that can keep to one.
    """

    service: str = "qat.qpus:LinAlg"
    arguments: dict[str, Any] = {}
    max_qubits: _Count | None = None
    max_shots: _Count | None = None
    memory_mb: _Count | None = None


class EmulatedOptions(ServiceOptions, frozen=True):
    """An emulator that takes the time of a device. All times are the device's: ``speedup`` divides them.

    Attributes:
        timing: kind of device, for the times that are not given.
        shot_s: seconds of QPU a shot.
        latency_s: seconds from a submission to its first shot, hidden as far as it is prepared ahead.
        exact_s: seconds of QPU that a job takes which asks for no shots.
        speedup: how much faster than the device.
        calibration_every_s: from one calibration to the next; 0 for none.
        calibration_s: how long it takes.
        failure_rate: probability that a slice fails, at a random shot.
        seed: of the random failures.
    """

    timing: str = "emulator"
    shot_s: _NotNegative | None = None
    latency_s: _NotNegative | None = None
    exact_s: _NotNegative = 0.0
    speedup: _Positive = 1.0
    calibration_every_s: _NotNegative = 0.0
    calibration_s: _NotNegative = 0.0
    failure_rate: _Share = 0.0
    seed: int | None = None


class ServedOptions(_Options, frozen=True):
    """A QPU that another process serves (``qpu.serve(port)``).

    Attributes:
        port: where it listens.
        host: where that is.
        certificate: this driver's certificate (PEM); means TLS.
        key: its key.
        authority: who signed the server's certificate; means TLS.
        check_every_s: how often it is asked whether it is there.
        max_qubits: larger jobs are refused.
        max_shots: jobs with more are refused.
    """

    port: Annotated[int, Meta(ge=1, le=65535)]
    host: str = "localhost"
    certificate: str | None = None
    key: str | None = None
    authority: str | None = None
    check_every_s: _Positive = 10.0
    max_qubits: _Count | None = None
    max_shots: _Count | None = None


class QrmiOptions(_Options, frozen=True):
    """A QPU behind the published package ``qrmi``, which has to be installed where the driver runs.

    Attributes:
        resource: its id.
        type: its type, a name of ``qrmi.ResourceType``.
        config: what ``QuantumResource.from_config`` takes; without it the environment says how to reach the resource.
        environment_file: file of lines ``NAME=value`` for the environment, readable for the driver's user only.
        first_poll_s: first wait between two looks at a task; it grows up to ``last_poll_s``.
        last_poll_s: longest wait between two looks.
        deadline_s: a task that takes longer is stopped and has failed.
        check_every_s: how often the resource is asked how it is.
        max_shots: jobs with more are refused.
    """

    resource: str
    type: Literal["PasqalCloud", "PasqalLocal"]
    config: dict[str, str] = {}
    environment_file: str | None = None
    first_poll_s: _Positive = 0.05
    last_poll_s: _Positive = 5.0
    deadline_s: _Positive = 86_400.0
    check_every_s: _Positive = 30.0
    max_shots: _Count | None = None


class InstalledOptions(_Options, frozen=True):
    """A driver of another package, installed where the driver runs.

    Attributes:
        name: of its entry point in the group ``qhpc.drivers``.
        arguments: its arguments by name.
    """

    name: str
    arguments: dict[str, Any] = {}


KINDS: dict[str, type[_Options]] = {
    "emulated": EmulatedOptions,
    "service": ServiceOptions,
    "served": ServedOptions,
    "qrmi": QrmiOptions,
    "installed": InstalledOptions,
}
"""Options by kind of driver."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a driver reads from its standard input, as JSON or msgpack.

    Attributes:
        qpu: name of the QPU.
        socket: path of the Unix socket on which it listens; its process id stands beside it, in a file ``.pid``.
        driver: one of :data:`KINDS`.
        options: of that kind.
        orphan_s: it ends when no broker has been there for so long, and it has nothing to do.
        results_s: the same when it has results that no broker has fetched.
        max_message_bytes: longest message that it takes.
        max_result_bytes: longest result that it gives; a slice with a longer one has failed.
        faults: for drills.
    """

    qpu: str
    socket: str
    driver: str
    options: dict[str, Any] = {}
    orphan_s: _Positive = 600.0
    results_s: _Positive = 86_400.0
    max_message_bytes: _Count = 1 << 28
    max_result_bytes: _Count = 1 << 29
    faults: FaultOptions | None = None


def configuration_in(data: bytes) -> Configuration:
    """The configuration in what was read.

    Raises:
        BadOptions: it is none, or something in it cannot be.

    >>> configuration_in(b'{"qpu": "a", "socket": "/run/a.sock", "driver": "service"}').orphan_s
    600.0
    >>> configuration_in(b'{"qpu": "a", "socket": "/run/a.sock", "driver": "emulate"}')
    Traceback (most recent call last):
        ...
    qhpc.broker.drivers.settings.BadOptions: driver is 'emulate': expected one of emulated, ...; did you mean emulated?
    """
    try:
        decode = msgspec.json.decode if data.lstrip()[:1] == b"{" else msgspec.msgpack.decode
        configuration: Configuration = msgspec.convert(decode(data), Configuration)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadOptions(_in_words("", error, Configuration)) from error
    checked_options(configuration.driver, configuration.options)
    return configuration


def checked_options(driver: str, options: dict[str, Any]) -> Any:
    """The options of a kind of driver.

    Raises:
        BadOptions: there is no such kind, or an option is unknown, missing, or of a wrong type or size.

    >>> checked_options("emulated", {"timing": "neutral-atoms", "speedup": 100}).speedup
    100.0
    >>> checked_options("emulated", {"speed_up": 1})
    Traceback (most recent call last):
        ...
    qhpc.broker.drivers.settings.BadOptions: unknown option 'speed_up' of an emulated driver; did you mean speedup?
    """
    _known("driver", driver, KINDS)
    try:
        found = msgspec.convert(options, KINDS[driver])
    except msgspec.ValidationError as error:
        raise BadOptions(_in_words(f" of {_a(driver)} driver", error, KINDS[driver])) from error
    if isinstance(found, EmulatedOptions):
        _known("timing", found.timing, TIMINGS)
    return found


def _known(name: str, value: str, known: Any) -> None:
    if value not in known:
        raise BadOptions(f"{name} is {value!r}: expected one of {', '.join(known)}{_near(value, list(known))}")


def _in_words(whose: str, error: Exception, structure: type[msgspec.Struct]) -> str:
    unknown = re.search(r"unknown field `(.*?)`", str(error))
    if unknown is None:
        what, _, path = str(error).partition(" - at `$")
        place = path.strip(".`").lstrip(".")
        return f"{place or 'the configuration'}{whose}: {what[0].lower()}{what[1:]}"
    known = list(structure.__struct_fields__)
    near = _near(unknown[1], known) or f"; there are {', '.join(known)}"
    return f"unknown option {unknown[1]!r}{whose}{near}"


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
