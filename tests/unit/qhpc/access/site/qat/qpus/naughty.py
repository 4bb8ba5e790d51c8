"""Services of a site as no operator wishes them."""

import ctypes
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from qat.comm.resource.ttypes import ResourceModel
from qat.core import Result
from qat.core.errors import ErrorType, QPUException
from qat.core.qpu import QPUHandler


class Answering(QPUHandler):
    """Answers with a value; not safe to run twice, as it does not say that it is."""

    def submit_job(self, job):
        return Result(value=0.25)


class Telling(QPUHandler):
    """Tells about its process."""

    is_safe_to_retry = True

    def submit_job(self, job):
        from qat.qlmaas.job_id import get_job_id

        meta_data = {
            "job_id": str(get_job_id()),
            "job_meta_data": str(dict(job.meta_data or {}).get("qlmaas_job_id")),
            "environment": "\n".join(f"{name}={value}" for name, value in os.environ.items()),
            "pid": str(os.getpid()),
            "uid": str(os.getuid()),
            "folder": str(Path.cwd()),
            "files": " ".join(sorted(path.name for path in Path.cwd().iterdir())),
            "home": str(Path.home()),
            "threads": os.environ["OMP_NUM_THREADS"],
            "nice": str(os.nice(0)),
        }
        return Result(value=1.0, meta_data=meta_data)


class Failing(QPUHandler):
    """Raises, in its constructor or when it runs."""

    def __init__(self, how="value", when="run"):
        super().__init__()
        self.how = how
        if when == "made":
            self.submit_job(None)

    def submit_job(self, job):
        match self.how:
            case "service":
                raise QPUException(ErrorType.ILLEGAL_GATES, "site.device", "no such gate here")
            case "memory":
                raise MemoryError
            case "exit":
                sys.exit(3)
            case "crash":
                os.abort()
            case "quit":
                os._exit(7)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "unencodable":
                return Result(value=object())
        raise ValueError("something is odd")


class CrashingEstimate(QPUHandler):
    """Ends, or blocks, the process that asks what it needs."""

    def __init__(self, how="crash"):
        super().__init__()
        self.how = how

    def submit_job(self, job):
        return Result(value=1.0)

    def estimate_resources_for_batch(self, batch):
        match self.how:
            case "crash":
                os.abort()
            case "block":
                time.sleep(1000)
            case "memory":
                bytearray(1 << 40)
            case "fail":
                raise RuntimeError("no idea")
        return [ResourceModel(mem_necessary_biggest_job_mb=2, max_time_minutes=3) for _ in batch.jobs]


class Slow(QPUHandler):
    """Runs until it is ended; says when it has begun."""

    def __init__(self, how="sleep", children=0):
        super().__init__()
        self.how, self.children = how, children

    def submit_job(self, job):
        pids = []
        for index in range(self.children):
            code = "import time; time.sleep(1000)"
            child = subprocess.Popen([sys.executable, "-c", code], start_new_session=bool(index % 2))
            pids.append(child.pid)
        print("begun", os.getpid(), *pids, flush=True)
        match self.how:
            case "stubborn":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                while True:
                    time.sleep(1000)
            case "native":
                ctypes.PyDLL(None).sleep(1000)  # holds the interpreter
            case "busy":
                while True:
                    pass
            case "leaves":
                return Result(value=1.0)
            case "careful":
                try:
                    time.sleep(1000)
                finally:
                    print("put away", flush=True)
        time.sleep(1000)


class Noisy(QPUHandler):
    """Writes a lot."""

    def __init__(self, nb_lines=3, width=10, is_endless=False, where="stdout"):
        super().__init__()
        self.nb_lines, self.width, self.is_endless, self.where = nb_lines, width, is_endless, where

    def submit_job(self, job):
        descriptor = {"stdout": 1, "stderr": 2}[self.where]
        line = b"x" * self.width + b"\n"
        while self.is_endless:
            os.write(descriptor, line)
        for number in range(self.nb_lines):
            os.write(descriptor, b"%d " % number + line)
        os.write(descriptor, b"end without a newline")
        return Result(value=1.0)


class Large(QPUHandler):
    """Gives a result of a size, or takes that much memory."""

    def __init__(self, nb_bytes=0, kept_bytes=0):
        super().__init__()
        self.nb_bytes, self.kept_bytes = nb_bytes, kept_bytes

    def submit_job(self, job):
        if self.kept_bytes:
            held = mmap.mmap(-1, self.kept_bytes)
            held.close()
        result = Result(value=1.0)
        result.statevector = np.zeros(self.nb_bytes // 16, dtype=complex)
        result.has_statevector = True
        return result


class Bomb(QPUHandler):
    """Starts processes that start processes, up to a number."""

    def __init__(self, depth=4):
        super().__init__()
        self.depth = depth

    def submit_job(self, job):
        for _ in range(self.depth):
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("begun", os.getpid(), flush=True)
        time.sleep(1000)


class Meddling(QPUHandler):
    """Leaves its process other than it was."""

    def __init__(self, closes=False):
        super().__init__()
        self.closes = closes

    def submit_job(self, job):
        found = {"alarm": str(signal.alarm(1000)), "handler": str(signal.signal(signal.SIGTERM, signal.SIG_IGN))}
        Path("left.txt").write_text("behind")
        Path("folder").mkdir()
        os.chdir("/")
        if self.closes:
            sys.stdout.close()
        sys.stdout = None
        return Result(value=1.0, meta_data=found)


class Threaded(QPUHandler):
    """Leaves a thread behind."""

    def submit_job(self, job):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        return Result(value=1.0)
