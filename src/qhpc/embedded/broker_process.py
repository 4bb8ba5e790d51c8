"""A broker as a child: started, kept running, and ended with its parent, whatever ends that."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["BrokerProcess"]

_log = logging.getLogger(__name__)
_START_S, _STOP_S = 60.0, 30.0
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.2, 30.0


class BrokerProcess:
    """A broker that runs within a ``with`` statement, and takes jobs from ``wait_until_ready`` on.

    It sees the end of this process at its standard input, and ends politely then, also when this process is killed. It
    is in a process group of its own: Ctrl-C in a terminal is for this process, which ends it when all else has ended.

    Args:
        settings: its file.
        log: what it writes goes to the end of this file.
        environment: more variables for it.
        options: more of ``qat broker run``.
    """

    def __init__(
        self, settings: Path, log: Path, environment: Mapping[str, str] | None = None, options: Sequence[str] = ()
    ) -> None:
        self._settings, self._log_file, self._options = settings, log, options
        self._environment = {**os.environ, **(environment or {})}
        self._is_ending = threading.Event()
        self._is_ready = threading.Event()
        self._has_failed = False
        self._keeper = threading.Thread(target=self._keep, name="broker", daemon=True)

    def __enter__(self) -> BrokerProcess:
        self._process, self._pipe = self._spawn()
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending.set()
        _end(self._process)
        self._keeper.join(_START_S)

    def wait_until_ready(self) -> None:
        """Wait until it takes jobs.

        Raises:
            RuntimeError: it does not start; the message has its last words.
        """
        if not self._is_ready.wait(2 * _START_S) or self._has_failed:
            raise RuntimeError(f"the broker does not start:\n{_last_words(self._log_file)}")

    @property
    def pid(self) -> int:
        """The process that runs now."""
        return self._process.pid

    def _spawn(self) -> tuple[subprocess.Popen[bytes], int]:
        """A new broker, and the end of a pipe on which it says when it takes jobs."""
        ours, theirs = os.pipe()
        try:
            with self._log_file.open("ab") as log:
                process = subprocess.Popen(
                    [
                        sys.executable, "-m", "openqat", "broker", "run", str(self._settings), "--end-with-stdin",
                        "--ready-fd", str(theirs), *self._options,
                    ],
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs,),
                    process_group=0,
                )  # fmt: skip
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return process, ours

    def _keep(self) -> None:
        """The thread: start it again when it ends, later and later if that does not help."""
        is_up = _says_something(self._pipe, _START_S)
        self._has_failed = not is_up
        self._is_ready.set()
        pause_s = _FIRST_PAUSE_S
        while True:
            if is_up:
                self._process.wait()
            _end(self._process)
            if self._has_failed or self._is_ending.wait(pause_s):
                return
            _log.error("the broker has ended and is started again: %s", _last_words(self._log_file))
            is_up = self._is_up_again()
            pause_s = _FIRST_PAUSE_S if is_up else min(2 * pause_s, _LAST_PAUSE_S)

    def _is_up_again(self) -> bool:
        """Start another one; whether it takes jobs."""
        try:
            self._process, self._pipe = self._spawn()
        except OSError as error:  # no process or memory is left: there may be later
            _log.error("the broker cannot be started: %s", error)
            return False
        if self._is_ending.is_set():
            _end(self._process)
        return _says_something(self._pipe, _START_S)


def _says_something(descriptor: int, limit_s: float) -> bool:
    """Whether a line comes through a pipe before it is closed, and before time is up."""
    deadline = time.monotonic() + limit_s
    os.set_blocking(descriptor, False)
    try:
        while time.monotonic() < deadline:
            with suppress(BlockingIOError):
                return bool(os.read(descriptor, 16))
            time.sleep(0.01)
        return False
    finally:
        os.close(descriptor)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, upon which it ends; kill it if it does not."""
    assert process.stdin is not None  # as it was started
    process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
