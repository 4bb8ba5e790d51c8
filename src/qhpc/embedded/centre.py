"""A hybrid centre of one's own on this machine, to try things: a private Slurm, a broker and an emulated QPU.

All of it is the real thing, in one directory, on loopback: a program that runs here runs at a centre.
"""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qat.shared.stacks import STACK_VARIABLE
from qhpc.broker.driving import pid_of
from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.commands import PLAIN_ENVIRONMENT, BatchJob, sbatch
from qhpc.slurm.job_submit import job_submit_lua
from qhpc.slurm.parsers import parse_submitted
from qhpc.slurm.private_cluster import PrivateCluster
from qhpc.slurm.site import Pool

__all__ = ["TrialCentre", "TrialShape"]

_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialShape:
    """What a centre of one's own has.

    Attributes:
        pool: name of its pool of QPUs.
        nb_qpus: emulated QPUs in it.
        units: duty units that Slurm hands out: 1000 for each QPU, times the overcommitment.
        nb_nodes: nodes of the private Slurm.
        nb_cores: cores that each claims to have.
        policy: the order in which the broker starts tasks.
        slice_s: the broker cuts longer sampling tasks; None never cuts.
        prefetch_depth: tasks that are prepared ahead.
        device: options of the emulated device.
        faults: what the driver does wrong on purpose.
        learns_duty: whether jobs ask for the units that jobs of their stack have needed.
    """

    pool: str = "qpu"
    nb_qpus: int = 1
    units: int = 1000
    nb_nodes: int = 4
    nb_cores: int = 16
    policy: str = "shortest-in-share"
    slice_s: float | None = None
    prefetch_depth: int = 1
    device: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, Any] = field(default_factory=dict)
    learns_duty: bool = False

    @property
    def qpus(self) -> tuple[str, ...]:
        """Names of the QPUs.

        >>> TrialShape(pool="fresnel", nb_qpus=2).qpus
        ('fresnel-1', 'fresnel-2')
        """
        return tuple(f"{self.pool}-{number}" for number in range(1, self.nb_qpus + 1))


def broker_toml(shape: TrialShape, directory: Path) -> str:
    """The settings of the broker.

    >>> print(broker_toml(TrialShape(device={"shot_s": 0.005}), Path("/tmp/try")))  # doctest: +ELLIPSIS
    directory = "/tmp/try/broker"
    cluster = "try"
    <BLANKLINE>
    [identity]
    trusted_uids = [...]
    <BLANKLINE>
    [slurm]
    is_used = true
    poll_s = 0.5
    <BLANKLINE>
    [pools."qpu"]
    qpus = ["qpu-1"]
    policy = "shortest-in-share"
    prefetch_depth = 1
    <BLANKLINE>
    [qpus."qpu-1"]
    driver = "emulated"
    shot_s = 0.005
    [qpus."qpu-1".options]
    shot_s = 0.005
    [qpus."qpu-1".faults]
    <BLANKLINE>
    """
    lines = [
        f'directory = "{directory}/broker"', 'cluster = "try"', "",
        "[identity]", f"trusted_uids = [{os.getuid()}]", "",
        "[slurm]", "is_used = true", "poll_s = 0.5",
        *([f'duty_table = "{directory}/broker/duties"'] if shape.learns_duty else []), "",
        f'[pools."{shape.pool}"]', f"qpus = [{', '.join(map(_toml, shape.qpus))}]", f'policy = "{shape.policy}"',
        f"prefetch_depth = {shape.prefetch_depth}",
        *([] if shape.slice_s is None else [f"slice_s = {shape.slice_s}"]), "",
    ]  # fmt: skip
    known = {name: value for name, value in shape.device.items() if name in ("timing", "shot_s", "latency_s")}
    for qpu in shape.qpus:
        lines += [f'[qpus."{qpu}"]', 'driver = "emulated"', *(f"{name} = {_toml(known[name])}" for name in known)]
        for part, options in (("options", shape.device), ("faults", shape.faults)):
            lines += [f'[qpus."{qpu}".{part}]', *(f"{name} = {_toml(value)}" for name, value in options.items())]
        lines.append("")
    return "\n".join(lines)


def _learning(shape: TrialShape, duties: Path) -> dict[str, Any]:
    """What Slurm needs so that jobs ask for what they need."""
    if not shape.learns_duty:
        return {}
    pool = Pool(name=shape.pool, nb_qpus=shape.nb_qpus, alpha=shape.units / 1000 / shape.nb_qpus)
    lua = job_submit_lua([pool], duty_table=str(duties))
    return {"settings": {"JobSubmitPlugins": "lua"}, "files": {"job_submit.lua": lua}}


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


def _end_drivers(folder: Path) -> None:
    """Drivers outlive their broker, for days if they have results; those of a trial end with it, whatever they do."""
    for place in folder.glob("*.sock"):
        if (pid := pid_of(place)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class TrialCentre:
    """A centre. Use it in a ``with`` statement: inside, jobs may be submitted.

    Args:
        directory: an empty one of its own; paths of sockets must be short, so /tmp is a good place.
        shape: what it has.

    Raises:
        qhpc.slurm.private_cluster.ClusterError: Slurm or MUNGE is missing, or does not start.
        RuntimeError: the broker does not start.
    """

    def __init__(self, directory: Path, shape: TrialShape | None = None) -> None:
        self.directory, self.shape = directory, shape or TrialShape()
        cluster = ClusterShape(
            nb_nodes=self.shape.nb_nodes,
            nb_cores=self.shape.nb_cores,
            licenses={f"qpu_{self.shape.pool}": self.shape.units},
            **_learning(self.shape, self.duties),
        )
        self.cluster = PrivateCluster(directory / "slurm", cluster)
        self._stack = ExitStack()

    def __enter__(self) -> TrialCentre:
        with ExitStack() as stack:
            (self.directory / "jobs").mkdir(parents=True, exist_ok=True)
            stack.enter_context(self.cluster)
            file = self.directory / "broker.toml"
            file.write_text(broker_toml(self.shape, self.directory), encoding="utf-8")
            log = self.directory / "broker.log"
            stack.callback(_end_drivers, self.directory / "broker" / "drivers")
            self.process = stack.enter_context(BrokerProcess(file, log, self.cluster.environment))
            self.process.wait_until_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def broker(self) -> str:
        """Address of the broker."""
        return f"unix:{self.directory}/broker/broker.sock"

    @property
    def usage(self) -> Path:
        """The broker's accounts."""
        return self.directory / "broker" / "usage.db"

    @property
    def duties(self) -> Path:
        """The table of what jobs need, if it is learned."""
        return self.directory / "broker" / "duties"

    @property
    def environment(self) -> dict[str, str]:
        """What a program of a user needs in its environment here."""
        munge = self.directory / "slurm" / "munge" / "socket"
        return {**self.cluster.environment, "QAT_BROKER": self.broker, "QAT_MUNGE_SOCKET": str(munge)}

    def submit(self, name: str, *command: str, units: int = 0, nb_cores: int = 1, stack: str = "") -> int:
        """Submit a program as a batch job of Slurm, and tell its id.

        Args:
            name: of the job; its output is ``jobs/NAME.out``.
            command: the program and its arguments.
            units: duty units of the QPU that it asks for: 1000 is all of one.
            nb_cores: cores.
            stack: name of what it runs, by which it is learned what such jobs need; the job's by default.

        Raises:
            qhpc.slurm.private_cluster.ClusterError: Slurm refuses it.
        """
        place = self.directory / "jobs"
        script = place / f"{name}.sh"
        environment = self._job_environment() | ({STACK_VARIABLE: stack} if stack else {})
        exports = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in environment.items())
        script.write_text(f"#!/bin/sh\n{exports}exec {shlex.join(command)}\n", encoding="utf-8")
        licences = {f"qpu_{self.shape.pool}": units} if units else {}
        (place / "environment").write_bytes(PLAIN_ENVIRONMENT)
        output = place / f"{name}.out"
        job = BatchJob(
            script=script, environment=place / "environment", directory=place, name=name, comment=name, stdout=output,
            stderr=output, nb_cores=nb_cores, memory_mb=200, licenses=licences,
        )  # fmt: skip
        return parse_submitted(self.cluster.call(*sbatch(job)))

    def wait(self, *ids: int, timeout_s: float) -> None:
        """Wait until jobs have ended, in whichever way.

        Raises:
            TimeoutError: some have not.
        """
        begin_s = asked_s = time.monotonic()
        while left := self.unfinished(*ids):
            now_s = time.monotonic()
            if now_s - begin_s > timeout_s:
                raise TimeoutError(f"jobs {left} have not ended after {timeout_s:g} s")
            time.sleep(max(_PAUSE_S, 10 * (now_s - asked_s)))  # to list a long queue is work that jobs wait for
            asked_s = time.monotonic()

    def unfinished(self, *ids: int) -> list[int]:
        """Those of the jobs that wait or run."""
        listed = self.cluster.call("squeue", "-h", "-t", "PENDING,RUNNING,COMPLETING,CONFIGURING", "-o", "%A").split()
        known = set(map(int, listed))
        return [number for number in ids if number in known]

    def _job_environment(self) -> dict[str, str]:
        path = os.environ.get("PYTHONPATH")
        return {**self.environment, "OMP_NUM_THREADS": "1", **({"PYTHONPATH": path} if path else {})}
