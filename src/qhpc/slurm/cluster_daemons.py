"""How the daemons of a private cluster are started, as commands. Pure; :mod:`qhpc.slurm.private_cluster` runs them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from qhpc.slurm.cluster_files import ClusterShape

__all__ = ["daemon_command", "daemons", "entries", "make_database", "open_database", "programs"]

Command = tuple[str, ...]

_SLURM, _DATABASE, _REST = "slurm-wlm munge", "slurmdbd mariadb-server", "slurmrestd slurm-wlm-jwt-plugin"
"""Debian's packages that have what is needed."""

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
_DATABASE_PROGRAMS = ("mariadbd", "mariadb", "mariadb-install-db", "sacctmgr", "slurmdbd")


def programs(shape: ClusterShape) -> dict[str, str]:
    """Programs that a cluster needs, each with the packages that have it.

    >>> sorted(programs(ClusterShape(has_accounting=True)).keys() - programs(ClusterShape()).keys())
    ['mariadb', 'mariadb-install-db', 'mariadbd', 'sacctmgr', 'slurmdbd']
    """
    needed = dict.fromkeys(_PROGRAMS, _SLURM)
    needed |= dict.fromkeys(_DATABASE_PROGRAMS, _DATABASE) if shape.has_accounting else {}
    return needed | ({"slurmrestd": _REST} if shape.has_rest else {})


def daemons(shape: ClusterShape) -> tuple[str, ...]:
    """The daemons of a cluster, in the order in which they start; they end in the other one.

    >>> daemons(ClusterShape(nb_nodes=1, has_accounting=True))
    ('munged', 'mariadbd', 'slurmdbd', 'slurmctld', 'slurmd.q1')
    """
    database = ("mariadbd", "slurmdbd") if shape.has_accounting else ()
    rest = ("slurmrestd",) if shape.has_rest else ()
    return ("munged", *database, "slurmctld", *(f"slurmd.{node}" for node in shape.nodes), *rest)


def daemon_command(name: str, place: Path, user: str) -> Command:
    """What starts a daemon; it goes into the background and leaves ``run/NAME.pid``.

    Args:
        name: ``munged``, ``slurmctld``, ``slurmd.NODE`` …
        place: directory of the cluster.
        user: Unix user of its daemons.

    >>> daemon_command("slurmd.q1", Path("/tmp/q"), "ada")
    ('slurmd', '-f', '/tmp/q/etc/slurm.conf', '-N', 'q1')
    """
    program, _, node = name.partition(".")
    configuration = str(place / "etc" / "slurm.conf")
    match program:
        case "munged":
            return _munged(place)
        case "mariadbd":
            return _mariadbd(place, user)
        case "slurmdbd":
            return ("slurmdbd",)
        case "slurmd":
            return ("slurmd", "-f", configuration, "-N", node)
        case "slurmrestd":
            return _slurmrestd(place, user)
    return (program, "-f", configuration)


def _munged(place: Path) -> Command:
    """Forced: the way to the socket may be closed to others, as in a home directory; then jobs are its own alone."""
    keys = place / "munge"
    return (
        "munged", f"--key-file={keys}/key", f"--socket={keys}/socket", f"--seed-file={keys}/seed",
        f"--pid-file={place}/run/munged.pid", f"--log-file={place}/log/munged.log", "--num-threads=2", "--force",
    )  # fmt: skip


def _mariadbd(place: Path, user: str) -> Command:
    """On a Unix socket alone, and without waiting for the disk: what is tried here need not outlive a power cut.

    In a place of its own for temporary tables: one that starts removes those of all others in the usual one.
    """
    return (
        "setsid", "--fork", "mariadbd", "--no-defaults", f"--user={user}", f"--datadir={place}/database",
        f"--socket={place}/database/socket", f"--pid-file={place}/run/mariadbd.pid", "--skip-networking",
        "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0",
        "--innodb-flush-method=nosync", "--sync-frm=0", "--innodb-lock-wait-timeout=900",
        f"--log-error={place}/log/mariadbd.log", f"--tmpdir={place}/temporary",
    )  # fmt: skip


def _slurmrestd(place: Path, user: str) -> Command:
    """On a Unix socket alone, as nobody if need be: it refuses to be root, and whoever asks proves who that is.

    It has no token of its own, and may be Slurm's user. It writes no file of its process, so a shell does.
    """
    as_nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups") if user == "root" else ()
    variables = ("env", "SLURM_JWT=daemon", "SLURMRESTD_SECURITY=disable_user_check")
    serve = (*variables, *as_nobody, "slurmrestd", "-s", "v0.0.38", "-a", "rest_auth/jwt", f"unix:{place}/rest/socket")
    script = f"echo $$ > {shlex.quote(f'{place}/run/slurmrestd.pid')}; exec {shlex.join(serve)}"
    return ("setsid", "--fork", "sh", "-c", script)


def make_database(place: Path, user: str) -> Command:
    """What makes an empty database.

    >>> make_database(Path("/tmp/q"), "ada")[3]
    '--datadir=/tmp/q/database'
    """
    return (
        "mariadb-install-db", "--no-defaults", f"--user={user}", f"--datadir={place}/database",
        "--auth-root-authentication-method=socket", f"--auth-root-socket-user={user}", "--skip-test-db", "--force",
        "--innodb-log-file-size=16M", f"--tmpdir={place}/temporary",
    )  # fmt: skip


def open_database(place: Path, user: str) -> Command:
    """What lets Slurm's user into a database that runs; it knows users by the system.

    >>> open_database(Path("/tmp/q"), "ada")[-1]
    "CREATE DATABASE IF NOT EXISTS slurm; GRANT ALL ON slurm.* TO 'ada'@'localhost'"
    """
    grant = f"CREATE DATABASE IF NOT EXISTS slurm; GRANT ALL ON slurm.* TO '{user}'@'localhost'"
    return ("mariadb", "--no-defaults", f"--socket={place}/database/socket", f"--user={user}", "--execute", grant)


def entries(shape: ClusterShape, cluster: str = "try") -> Sequence[Command]:
    """What makes the cluster, its accounts and their users known to the accounting.

    >>> [" ".join(each[2:]) for each in entries(ClusterShape(accounts={"phys": ("ada",)}))]
    ['add cluster try', 'add account phys', 'add user ada account=phys']
    """
    commands: list[Command] = [("sacctmgr", "--immediate", "add", "cluster", cluster)]
    for account, users in shape.accounts.items():
        commands.append(("sacctmgr", "--immediate", "add", "account", account))
        commands += [("sacctmgr", "--immediate", "add", "user", user, f"account={account}") for user in users]
    return commands
