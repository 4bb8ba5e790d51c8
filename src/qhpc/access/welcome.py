"""A server of one's own: its first user, and the configuration with which programs find it."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import dataclass
from pathlib import Path

from qhpc.access.identity import Identity
from qhpc.access.running import Running
from qhpc.access.service.caller import Caller
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.protocol import Account
from qhpc.access.tls import write_private

__all__ = ["Welcome", "welcome", "write_ready_file"]

_MARK = "# written by 'qat up'"
_LABEL = "qat up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What a user has to know.

    Attributes:
        url: of the server.
        username: of the first user.
        configuration: file that ``QLMAAS_DIR`` may point to.
        is_default: whether programs find the server without ``QLMAAS_DIR``.
    """

    url: str
    username: str
    configuration: Path
    is_default: bool

    @property
    def lines(self) -> tuple[str, str]:
        """The two lines that a client needs."""
        program = 'python -c "from qlmaas.qpus import LinAlg; print(LinAlg())"'
        return ("" if self.is_default else f"export QLMAAS_DIR={self.configuration.parent}"), program


async def welcome(running: Running, now_s: float, home: Path) -> Welcome:
    """Make the first user at the first start, and write down how programs log in.

    Args:
        running: the server.
        now_s: time.
        home: the directory of ``.qlmaas/config.ini``, which is left alone if somebody else wrote it.
    """
    directory = running.settings.directory
    user = await _first_user(running.identity, directory, now_s) or await _known_user(running)
    own = directory / "client" / "config.ini"
    secret = await _good_secret(running.identity, own, user, now_s)
    text = _configuration(running, user.name, secret)
    own.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(own, text.encode())
    is_default = _write_default(home / ".qlmaas" / "config.ini", text)
    return Welcome(url=running.addresses[0], username=user.name, configuration=own, is_default=is_default)


async def _first_user(identity: Identity, directory: Path, now_s: float) -> Account | None:
    try:
        made = await identity.add_first_user(getpass.getuser(), now_s)
    except AccessProblem:  # the system's name of the user is none of ours
        made = await identity.add_first_user("user", now_s)
    if made is None:
        return None
    account, password = made
    write_private(directory / "password", f"{password}\n".encode())
    return account


async def _known_user(running: Running) -> Account:
    """The user that runs the server, if there is one of that name; else the first operator."""
    accounts = [account for account in await running.store.accounts() if account.is_active]
    ranked = sorted(accounts, key=lambda account: (account.name != getpass.getuser(), "operator" not in account.scopes))
    if not ranked:
        raise RuntimeError("all users of this server are disabled; enable one: qat users enable NAME")
    return ranked[0]


async def _good_secret(identity: Identity, own: Path, user: Account, now_s: float) -> str:
    """The token of the last start if it is still good, else a new one."""
    if own.exists():
        for line in own.read_text(encoding="utf-8").splitlines():
            name, _, secret = line.partition("=")
            if name.strip() == "token":
                caller = await identity.authenticate(secret.strip(), now_s)
                if caller is not None and caller.name == user.name:
                    return secret.strip()
    made = await identity.issue_token(Caller(user=user, scopes=user.scopes), _LABEL, None, None, now_s)
    return made.secret


def _configuration(running: Running, username: str, secret: str) -> str:
    certificate = "" if running.certificate is None else f"\n[SSL]\ncertificate = {running.certificate}\n"
    host = running.settings.host
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    hostname = name if running.certificate is not None else f"http://{name}:{running.port}"
    return (
        f"{_MARK} for the server in {running.settings.directory}\n"
        f"[Server]\nhostname = {hostname}\nport = {running.port}\nauthentication = token\n"
        f"username = {username}\ntoken = {secret}\n{certificate}"
    )


def _write_default(path: Path, text: str) -> bool:
    """Write the file that programs read without being told; whether it is ours."""
    if path.exists() and not path.read_text(encoding="utf-8").startswith(_MARK):
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, text.encode())
    return True


def write_ready_file(path: Path, running: Running, told: Welcome | None) -> None:
    """Tell scripts that the server takes requests: a JSON object, there all at once."""
    entry = {
        "pid": os.getpid(),
        "addresses": running.addresses,
        "port": running.port,
        "certificate": None if running.certificate is None else str(running.certificate),
        "configuration": None if told is None else str(told.configuration),
    }
    write_private(path, (json.dumps(entry) + "\n").encode())
