"""A small broker, for tests: it speaks the messages over a real socket, and does what a test wants with each."""

import os
import socket
from contextlib import suppress
from threading import Condition, Lock, Thread

import msgspec

from qat.comm.broker import messages as said
from qat.comm.broker.messages import frame_of, message_in
from qat.comm.broker.tasks import batch_in
from qat.comm.framing import FrameDecoder
from qat.comm.wire import encode
from qat.core import HardwareSpecs
from qat.core.errors import ServiceError
from qat.qpus import LinAlg

LIMIT_S = 20.0


class Connection:
    """One job at the other end."""

    def __init__(self, connected):
        self._socket = connected
        self._decoder = FrameDecoder()
        self._frames = []
        self._lock = Lock()
        self.session = ""

    def say(self, *messages):
        self.say_bytes(b"".join(map(frame_of, messages)))

    def say_bytes(self, data):
        with self._lock, suppress(OSError):
            self._socket.sendall(data)

    def hear(self):
        """The next message, None when there will be none."""
        while not self._frames:
            try:
                data = self._socket.recv(1 << 18)
            except OSError:
                return None
            if not data:
                return None
            self._frames = self._decoder.feed(data)
        frame = self._frames.pop(0)
        return message_in(frame.kind, frame.payload)

    def hang_up(self):
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Broker:
    """Runs tasks at once, on a QPU in this process, each key of a session once.

    A test changes what happens by ``on``: a function for a class of messages, called with the connection and the
    message in the place of the usual answer; it may call ``usual``.
    """

    def __init__(self, place, qpu=None, methods=("peer",), lease_s=30.0, context=None):
        self.place, self.qpu, self.methods, self.lease_s, self.context = place, qpu, methods, lease_s, context
        self.on = {}
        self.heard = []
        self.nb_runs = {}
        self.results = {}
        self.connections = []
        self.changed = Condition()
        self._guard = Lock()
        self.start()

    def start(self):
        """Listen, from the beginning or again."""
        if isinstance(self.place, int):
            self._listener = socket.create_server(("127.0.0.1", self.place))
            self.place = self._listener.getsockname()[1]
        else:
            with suppress(FileNotFoundError):
                self.place.unlink()
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(self.place))
            self._listener.listen()
        Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        """Go, with all connections; what is known of sessions stays, as if it were in a journal."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self):
        with self._guard:
            gone, self.connections = self.connections, []
        for connection in gone:
            connection.hang_up()

    def until(self, condition):
        """Wait until something was heard; the test fails if it never is."""
        with self.changed:
            assert self.changed.wait_for(condition, LIMIT_S), self.heard

    def of(self, kind):
        """Messages of a class that were heard."""
        return [message for message in tuple(self.heard) if isinstance(message, kind)]

    def until_heard(self, kind, count=1):
        self.until(lambda: len(self.of(kind)) >= count)

    def _accept(self, listener):
        while True:
            try:
                connected, _ = listener.accept()
                if self.context is not None:
                    connected = self.context.wrap_socket(connected, server_side=True)
            except OSError:
                if listener.fileno() < 0:
                    return
                continue
            connection = Connection(connected)
            with self._guard:
                self.connections.append(connection)
            Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection):
        connection.nonce = os.urandom(16)
        connection.say(said.Greeting(said.VERSION, "lab", connection.nonce, self.methods))
        while (message := connection.hear()) is not None:
            with self.changed:
                self.heard.append(message)
                self.changed.notify_all()
            self.on.get(type(message), self.usual)(connection, message)
            with self.changed:
                self.changed.notify_all()

    def usual(self, connection, message):
        match message:
            case said.OpenSession(session=name):
                connection.session = name
                known = self.results.get(name)
                self.results.setdefault(name, {})
                keys = tuple(known or ())
                connection.say(said.SessionOpened(f"me:{name}", message.share, self.lease_s, known is None, keys))
                connection.say(*(known or {}).values())
            case said.SubmitTask():
                connection.say(
                    said.TaskAccepted(message.key), said.TaskStarted(message.key, "q"), self.answer(connection, message)
                )
            case said.Acknowledge(keys):
                for key in keys:
                    self.results[connection.session].pop(key, None)
            case said.CancelTask(key):
                connection.say(said.TaskCancelled(key))
            case said.Heartbeat():
                connection.say(said.Alive())
            case said.AskSpecs():
                connection.say(said.Specs(encode(self.qpu.get_specs() if self.qpu else HardwareSpecs(nbqbits=7))))
            case said.AskExplanation(key):
                connection.say(said.Explained(key, f"task {key!r} waits", 3.0))
            case said.AskJob(job=job):
                nb_tasks = sum(name.startswith(f"{job}.") for name in self.results)
                connection.say(said.Explained(job, f"{nb_tasks} sessions\nof this job"))
            case said.CloseSession():
                connection.hang_up()

    def answer(self, connection, task):
        """The answer to a task, which runs if it has not."""
        results = self.results[connection.session]
        if task.key not in results:
            name = connection.session, task.key
            self.nb_runs[name] = self.nb_runs.get(name, 0) + 1
            results[task.key] = self.run(task)
        return results[task.key]

    def run(self, task):
        batch = batch_in(task.payload)
        try:
            result = (self.qpu or LinAlg()).submit(batch).results[0]
        except ServiceError as error:
            return said.TaskFailed(task.key, str(error), encode(error))
        return said.TaskFinished(task.key, encode(result), "q", 1.0, 0.0)


def renamed(message, key):
    return msgspec.structs.replace(message, key=key)
