"""What stands behind a resource of the type PasqalLocal, for the published package ``qrmi``: its HTTP interface.

As the package of version 0.26 was seen to speak it: sessions, tasks with their sequences and shots, and a device. The
package signs what it asks by MUNGE, whose library it finds by name: ``munge_library`` makes one that always says the
same.
"""

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CREDENTIAL = "MUNGE:of-the-test:"
_LIBRARY = f"""
#include <string.h>
int munge_encode(char **cred, void *ctx, const void *data, int length) {{ *cred = strdup("{CREDENTIAL}"); return 0; }}
const char *munge_strerror(int error) {{ return "no error"; }}
"""


def munge_library(folder):
    """A folder with a library of MUNGE's name."""
    source = folder / "munge.c"
    source.write_text(_LIBRARY)
    command = [shutil.which("cc"), "-shared", "-fPIC", "-o", str(folder / "libmunge.so.2"), str(source)]
    subprocess.run(command, check=True, timeout=60)
    return folder


class Warden:
    """A device of which the test says what it does; it answers on a port of its own.

    Attributes:
        asked: method, path and body of all that was asked, but for looks at tasks.
        ends: how the next tasks end; DONE if nothing is said.
        looks: a task is over at so many looks at it.
        status: of all answers.
    """

    def __init__(self):
        self.asked, self.ends, self.looks, self.status = [], [], 3, 200
        self.tasks, self.sessions, self.strangers = {}, set(), []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size) or b"null")
                status, told = outer.hear(self.command, self.path, self.headers, body)
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def of(self, method, path):
        """Bodies of what was asked so."""
        return [body for asked, at, body in self.asked if (asked, at) == (method, path)]

    def hear(self, method, path, headers, body):
        with self._lock:
            self.asked.append((method, path, body))
            if path != "/accessible" and headers.get("x-munge-cred") != CREDENTIAL:
                self.strangers.append(path)
            if self.status != 200:
                return self.status, {"detail": "the laser is off"}
            return 200, self._answer(method, path.strip("/").split("/"), headers, body)

    def _answer(self, method, path, headers, body):
        match method, path:
            case "GET", ["accessible"]:
                return {"is_accessible": True, "message": ""}
            case "GET", ["qpu", "specs"]:
                return {"specs": '{"name": "FRESNEL"}'}
            case "POST", ["sessions"]:
                self.sessions.add("token")
                return {"id": "token"}
            case "DELETE", ["sessions", token]:
                self.sessions.discard(token)
                return {"id": token}
            case "POST", ["jobs"]:
                assert headers["x-warden-session"] in self.sessions
                number = len(self.tasks) + 1
                end = self.ends.pop(0) if self.ends else "DONE"
                self.tasks[number] = {"shots": body["shots"], "end": end, "looks": 0}
                return self._task(number)
            case "GET", ["jobs", number]:
                self.tasks[int(number)]["looks"] += 1
                return self._task(int(number))
            case "GET", ["jobs", number, "logs"]:
                return {"logs": f"task {number}: the laser said no"}
            case "POST", ["jobs", number, "cancel"]:
                self.tasks[int(number)] |= {"end": "CANCELED", "looks": self.looks}
                return self._task(int(number))
        raise AssertionError((method, path))

    def _task(self, number):
        task = self.tasks[number]
        places = ("PENDING", "RUNNING")
        status = task["end"] if task["looks"] >= self.looks else places[min(task["looks"], 1)]
        one = task["shots"] // 4
        counts = json.dumps({"counter": {"0110": task["shots"] - one, "1001": one}}) if status == "DONE" else None
        return {"id": number, "user_id": "0", "status": status, "results": counts}
