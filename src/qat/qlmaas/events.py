"""Server-sent events: what a job does, as it happens. The parser does no input or output."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Event", "EventParser"]


class Event(NamedTuple):
    """An event.

    Attributes:
        name: ``state``, ``progress``, ``log`` or ``end``.
        data: its content, JSON.
        id: where to go on after it; None when it has none.
    """

    name: str
    data: str
    id: str | None = None


class EventParser:
    """Takes bytes as they arrive and gives the events that are complete.

    Source: HTML Living Standard, section 9.2.6, without what servers here do not send (a lone carriage return).

    >>> parser = EventParser()
    >>> parser.feed(b"event: state\\nid: 4\\nda"), parser.feed(b"ta: {}\\n\\n")
    ([], [Event(name='state', data='{}', id='4')])
    """

    def __init__(self) -> None:
        self._pending = b""
        self._name = "message"
        self._data: list[str] = []
        self._id: str | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with these bytes."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        events = [self._line(line.rstrip(b"\r").decode(errors="replace")) for line in lines]
        return [event for event in events if event is not None]

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._finished()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
        return None

    def _finished(self) -> Event | None:
        event = Event(self._name, "\n".join(self._data), self._id) if self._data else None
        self._name, self._data = "message", []
        return event
