"""The clerk: the process that knows the services of the site and looks at submissions for the server.

Site code (services, and the packages that bring them) is imported here, never in the server: if it is slow, prints,
crashes or eats memory, the server lives and starts another clerk. Run by :mod:`qhpc.access.catalogue` as
``python -m qhpc.access.rebuild.clerk FD PARENT``.
"""

from __future__ import annotations

import socket
import sys

import msgspec

from qat.comm.framing import Frame
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.estimates import estimated
from qhpc.access.rebuild.stacks import piped, services_of
from qhpc.access.rebuild.submissions import batch_of, read_submission
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.rebuild.views import view_of
from qhpc.access.runner.channel import Channel
from qhpc.access.runner.frames import ClerkConfiguration, FrameKind, InspectionParts, Refusal
from qhpc.access.runner.isolation import end_with_parent, keep_limits, limited

__all__ = ["Clerk", "main"]


class Clerk:
    """Answers questions about services and submissions.

    >>> [view.name for view in Clerk(ClerkConfiguration()).services() if view.name == "LinAlg"]
    ['LinAlg']
    """

    def __init__(self, configuration: ClerkConfiguration) -> None:
        self._table = ServiceTable(configuration.policy)
        self._limits = configuration.limits

    def services(self) -> list[object]:
        """The services that may be used."""
        return [view_of(kind, name, service) for kind, name, service in self._table]

    def inspect(self, message: bytes) -> InspectionParts:
        """Check a submission without running it.

        Raises:
            InvalidSubmission: it cannot be run.
        """
        submission = read_submission(message, self._limits)
        batch = batch_of(submission, self._limits)
        services = services_of(submission.recipe, self._table)
        stack = piped(submission.recipe, services, submission.task)
        return InspectionParts(stack=str(stack), estimate=estimated(stack, services, batch))

    def answer(self, frame: Frame) -> tuple[FrameKind, object]:
        """The answer to a frame: its kind and its structure."""
        try:
            if frame.kind == FrameKind.SERVICES:
                return FrameKind.SERVICES, self.services()
            return FrameKind.INSPECTION, self.inspect(frame.payload)
        except InvalidSubmission as refusal:
            near = refusal.near_names
            return FrameKind.REFUSAL, Refusal(code=refusal.code, detail=refusal.detail, near_names=near)
        except MemoryError:
            detail = "looking at the submission takes more memory than this site allows; make it smaller"
            return FrameKind.REFUSAL, Refusal(code="does-not-fit", detail=detail)
        except Exception as error:  # a service's own code failed; the clerk answers and goes on
            return FrameKind.FAULT, f"{type(error).__name__}: {error}"


def main(descriptor: int, parent_pid: int) -> None:
    """Answer until the server goes."""
    end_with_parent(parent_pid)
    keep_limits()
    channel = Channel(socket.socket(fileno=descriptor))
    first = channel.receive()
    if first is None:
        return
    configuration = msgspec.msgpack.decode(first.payload, type=ClerkConfiguration)
    clerk = Clerk(configuration)
    channel.send(FrameKind.READY, b"")
    with limited(configuration.memory_bytes, None):
        while (frame := channel.receive()) is not None:
            kind, structure = clerk.answer(frame)
            channel.send_structure(kind, structure, channel=frame.channel)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
