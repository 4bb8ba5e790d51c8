"""The settings of a broker: one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from qat.comm.broker.messages import AuthenticationMethod
from qhpc.broker.brokerage import Limits, Rules, TaskTiming
from qhpc.broker.drivers.device_model import DeviceModel
from qhpc.broker.drivers.settings import checked_options
from qhpc.broker.quotas import Quotas
from qhpc.broker.settings_checks import check_settings
from qhpc.broker.settings_file import BadSettings, SettingsText
from qhpc.scheduling.admission.policies import DEFAULT_ALPHA
from qhpc.scheduling.machine import DEFAULT_POLICY
from qhpc.scheduling.model import Pool
from qhpc.scheduling.timings import TIMINGS
from qhpc.slurm.capacity import LeverMethod

__all__ = [
    "BadSettings", "BrokerSettings", "IdentitySettings", "LimitSettings", "ListenSettings", "PoolSettings",
    "QpuSettings", "QuotaSettings", "SlurmSettings", "read_settings", "settings_in",
]  # fmt: skip

_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Count = Annotated[int, Meta(ge=1)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables."""


class ListenSettings(_Table, frozen=True, kw_only=True):
    """``[listen]``: where jobs find the broker.

    Attributes:
        unix: path of the Unix socket; ``DIRECTORY/broker.sock`` by default.
        unix_mode: permissions of that socket.
        host: address of TCP; none by default.
        port: of TCP; 0 takes a free one.
        certificate: certificate chain (PEM) of TLS, which TCP needs.
        key: its key.
    """

    unix: str = ""
    unix_mode: Annotated[int, Meta(ge=0, le=0o777)] = 0o666
    host: str = ""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8445
    certificate: str = ""
    key: str = ""


class IdentitySettings(_Table, frozen=True, kw_only=True):
    """``[identity]``: how jobs say who they are.

    Attributes:
        methods: those that are allowed.
        trusted_uids: users who may speak for others, and look at everything; the broker's own may always look.
        munge_socket: where ``munged`` listens; empty for the system's.
        jwt_key: file with the key of Slurm's tokens.
    """

    methods: tuple[AuthenticationMethod, ...] = ("peer",)
    trusted_uids: tuple[int, ...] = (0,)
    munge_socket: str = ""
    jwt_key: str = ""


class SlurmSettings(_Table, frozen=True, kw_only=True):
    """``[slurm]``: whether sessions belong to Slurm jobs.

    Attributes:
        is_used: whether the broker asks Slurm about the jobs of its sessions.
        poll_s: how often.
        drives_licences: whether the broker says how many duty units Slurm hands out: fewer while a QPU is away.
        method: how: by a ``reservation`` of what is withheld, or as a ``resource`` of Slurm's database.
        server: that the licences belong to in that database.
        hold_after_s: a QPU that is away for less than this changes nothing.
        duty_table: file in which the broker says how many units jobs were measured to need, for ``job_submit.lua``,
            which has them ask for it; none by default.
    """

    is_used: bool = False
    poll_s: _Positive = 2.0
    drives_licences: bool = False
    method: LeverMethod = "reservation"
    server: str = "openqat"
    hold_after_s: _Positive = 10.0
    duty_table: str = ""


_LIMITS = Limits()


class LimitSettings(_Table, frozen=True, kw_only=True):
    """``[limits]``: how much users may ask for, and how long the broker waits.

    Attributes:
        max_sessions: open sessions of all users.
        max_sessions_per_user: open sessions of one.
        max_ready_tasks: waiting tasks of one session.
        max_bytes_per_user: bytes of tasks and results that the broker keeps for one user.
        max_qpu_s: seconds of QPU of one session.
        lease_s: a session from which nothing came for so long is closed.
        recovery_s: how long a broker that was started again waits for the drivers it knew, before it gives tasks.
        driver_patience_s: what a driver that is away was running is given to others after so long.
        slice_deadline_s: a driver that says nothing of a slice for so long, and ten times what it should take, is
            killed and started again.
        max_message_bytes: longest message of a job.
        max_unread_bytes: what a job has not read before it is disconnected.
        max_connections: open connections; further ones are closed at once.
        opening_s: in which a connection has to open its session.
        write_s: in which a job has to read something when something waits for it.
    """

    max_sessions: _Count = _LIMITS.max_sessions
    max_sessions_per_user: _Count = _LIMITS.max_sessions_per_user
    max_ready_tasks: _Count = _LIMITS.max_ready_tasks
    max_bytes_per_user: _Count = _LIMITS.max_bytes_per_user
    max_qpu_s: _Positive | None = _LIMITS.max_qpu_s
    lease_s: _Positive = _LIMITS.lease_s
    recovery_s: _NotNegative = _LIMITS.recovery_s
    driver_patience_s: _Positive = _LIMITS.driver_patience_s
    slice_deadline_s: _Positive = _LIMITS.slice_deadline_s
    max_message_bytes: _Count = 256 << 20
    max_unread_bytes: _Count = 64 << 20
    max_connections: _Count = 20_000
    opening_s: _Positive = 15.0
    write_s: _Positive = 60.0


class QuotaSettings(_Table, frozen=True, kw_only=True):
    """``[quotas]``: seconds of QPU that may be used in a period; without a number there is no limit.

    Attributes:
        period_s: use counts for so long.
        user_s: of each user who is not named in ``users``.
        account_s: of each account that is not named in ``accounts``.
        users: of single users.
        accounts: of single accounts.
    """

    period_s: _Positive = 30 * 86400.0
    user_s: _NotNegative | None = None
    account_s: _NotNegative | None = None
    users: dict[str, _NotNegative] = {}
    accounts: dict[str, _NotNegative] = {}


class PoolSettings(_Table, frozen=True, kw_only=True):
    """``[pools.NAME]``: QPUs of one kind.

    Attributes:
        qpus: their names.
        slice_s: longer sampling tasks are cut into slices of about so long; without it none is.
        prefetch_depth: how many waiting tasks are prepared ahead.
        policy: the order of tasks.
        alpha: Slurm hands out so many times the duty units that the QPUs have, if the broker drives the licences.
        target_stretch: alpha is moved so that jobs are slowed down by no more than this, on average; without it alpha
            stays.
        max_alpha: alpha is moved up to this.
        smoothing_s: alpha is moved by what was measured over so long, no more often, and by about a tenth at most.
    """

    qpus: Annotated[tuple[str, ...], Meta(min_length=1)]
    slice_s: _Positive | None = None
    prefetch_depth: Annotated[int, Meta(ge=0)] = 1
    policy: str = DEFAULT_POLICY
    alpha: Annotated[float, Meta(ge=1, le=10)] = DEFAULT_ALPHA
    target_stretch: Annotated[float, Meta(gt=1)] | None = None
    max_alpha: Annotated[float, Meta(ge=1, le=10)] = 2.0
    smoothing_s: _Positive = 3600.0

    @property
    def largest_alpha(self) -> float:
        """Alpha never is more than this.

        >>> PoolSettings(qpus=("q",)).largest_alpha, PoolSettings(qpus=("q",), target_stretch=1.3).largest_alpha
        (1.1, 2.0)
        """
        return self.alpha if self.target_stretch is None else max(self.alpha, self.max_alpha)


class QpuSettings(_Table, frozen=True, kw_only=True):
    """``[qpus.NAME]``: a QPU and its driver.

    Attributes:
        driver: kind of driver.
        timing: kind of device, for tasks whose jobs do not say how long they take.
        shot_s: seconds a shot, instead of the kind's.
        latency_s: seconds from a submission to its first shot, instead of the kind's.
        python: interpreter of the driver's own environment; the broker's by default.
        orphan_s: the driver ends when no broker has been there for so long and it has nothing to do.
        options: the driver's own.
        faults: what it does wrong on purpose, for drills.
    """

    driver: str
    timing: str = ""
    shot_s: _NotNegative | None = None
    latency_s: _NotNegative | None = None
    python: str = ""
    orphan_s: _Positive = 600.0
    options: dict[str, Any] = {}
    faults: dict[str, Any] = {}

    def driver_options(self) -> dict[str, Any]:
        """What its driver is told: the options, and for an emulated device the times that stand beside them."""
        if self.driver != "emulated":
            return self.options
        beside = {"timing": self.timing or None, "shot_s": self.shot_s, "latency_s": self.latency_s}
        return {name: value for name, value in beside.items() if value is not None} | self.options

    def task_timing(self) -> TaskTiming:
        """How long its tasks take, as far as it is known; an emulated device is known, its speedup too."""
        if self.driver == "emulated":
            model = DeviceModel(checked_options(self.driver, self.driver_options()))
            return TaskTiming(shot_s=model.shot_s, latency_s=model.latency_s)
        kind = TIMINGS.get(self.timing)
        known_shot_s, known_latency_s = (kind.shot_s, kind.latency_s) if kind is not None else (0.0, 0.0)
        return TaskTiming(
            shot_s=known_shot_s if self.shot_s is None else self.shot_s,
            latency_s=known_latency_s if self.latency_s is None else self.latency_s,
        )


class _Top(_Table, frozen=True, kw_only=True):
    """Keys and tables of the file."""

    directory: str
    cluster: str = "local"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    listen: Any = msgspec.field(default_factory=dict)
    identity: Any = msgspec.field(default_factory=dict)
    slurm: Any = msgspec.field(default_factory=dict)
    limits: Any = msgspec.field(default_factory=dict)
    quotas: Any = msgspec.field(default_factory=dict)
    pools: dict[str, Any]
    qpus: dict[str, Any]


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a broker.

    Attributes:
        directory: its journal, accounts and sockets; private to its user.
        cluster: name for people.
    """

    directory: Path
    cluster: str
    log_level: str
    listen: ListenSettings
    identity: IdentitySettings
    slurm: SlurmSettings
    limits: LimitSettings
    quotas: QuotaSettings
    pools: dict[str, PoolSettings]
    qpus: dict[str, QpuSettings]

    @property
    def unix_socket(self) -> Path:
        """Where jobs on this machine find the broker."""
        return Path(self.listen.unix) if self.listen.unix else self.directory / "broker.sock"

    def driver_socket(self, qpu: str) -> Path:
        """Where the driver of a QPU listens."""
        return self.directory / "drivers" / f"{qpu}.sock"

    def in_slurm(self) -> BrokerSettings:
        """The same beside a Slurm of its own: sessions belong to its jobs, its licences are driven, duties learned."""
        table = self.slurm.duty_table or str(self.directory / "duties")
        return replace(self, slurm=replace(self.slurm, is_used=True, drives_licences=True, duty_table=table))

    def quota_rules(self) -> Quotas:
        """What users and accounts may use."""
        return Quotas(**msgspec.structs.asdict(self.quotas))

    def rules(self) -> Rules:
        """What the broker's heart has to know."""
        pools = tuple(
            Pool(name=name, qpus=pool.qpus, slice_s=pool.slice_s, prefetch_depth=pool.prefetch_depth)
            for name, pool in self.pools.items()
        )
        limits = {name: getattr(self.limits, name) for name in Limits.__dataclass_fields__}
        return Rules(
            pools=pools,
            cluster=self.cluster,
            policies={name: pool.policy for name, pool in self.pools.items()},
            timings={name: self.qpus[pool.qpus[0]].task_timing() for name, pool in self.pools.items()},
            limits=Limits(**limits),
        )


def read_settings(path: Path) -> BrokerSettings:
    """The settings in a file.

    Raises:
        BadSettings: something in it is not right.
        OSError: it cannot be read.
    """
    try:
        return settings_in(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path} is not text in UTF-8: {error}") from None


def settings_in(text: str, name: str = "broker.toml") -> BrokerSettings:
    """The settings in a text.

    Raises:
        BadSettings: something in it is not right.

    >>> text = 'directory = "/srv/b"\\n[pools.p]\\nqpus = ["q"]\\n[qpus.q]\\ndriver = "emulated"\\n'
    >>> settings = settings_in(text)
    >>> settings.unix_socket.name, settings.pools["p"].policy
    ('broker.sock', 'shortest-in-share')
    >>> settings_in(text.replace("qpus =", "qpu ="))
    Traceback (most recent call last):
        ...
    qhpc.broker.settings_file.BadSettings: broker.toml, line 3: pools.p.qpu is not known here: did you mean 'qpus'?
    """
    file = SettingsText(text, name)
    top = file.structure(_Top, (), file.table)
    settings = BrokerSettings(
        directory=Path(top.directory),
        cluster=top.cluster,
        log_level=top.log_level,
        listen=file.structure(ListenSettings, ("listen",), top.listen),
        identity=file.structure(IdentitySettings, ("identity",), top.identity),
        slurm=file.structure(SlurmSettings, ("slurm",), top.slurm),
        limits=file.structure(LimitSettings, ("limits",), top.limits),
        quotas=file.structure(QuotaSettings, ("quotas",), top.quotas),
        pools={name: file.structure(PoolSettings, ("pools", name), table) for name, table in top.pools.items()},
        qpus={name: file.structure(QpuSettings, ("qpus", name), table) for name, table in top.qpus.items()},
    )
    check_settings(file, settings)
    return settings
