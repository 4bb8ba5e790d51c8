"""HTTP/1.1 as a client needs it: requests to bytes, bytes to answers. No input or output here.

The standard library's ``http.client`` parses headers with ``email``, which takes longer to import than all of this
package; urllib3 takes longer still.

Source: RFC 9112.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple

__all__ = ["AnswerParser", "Head", "ProtocolError", "request_bytes"]

_MAX_LINE_BYTES = 1 << 16
_MAX_HEADERS = 256


class ProtocolError(ValueError):
    """What came is no answer of HTTP, or it was cut off."""


class Head(NamedTuple):
    """Status, and headers with lower-case names."""

    status: int
    headers: Mapping[str, str]


def request_bytes(method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
    """A request, to be sent in one piece.

    Raises:
        ValueError: a header or the target holds what would end it.

    >>> request_bytes("POST", "/v1/jobs", {"Host": "qlm"}, b"abc")
    b'POST /v1/jobs HTTP/1.1\\r\\nHost: qlm\\r\\nContent-Length: 3\\r\\n\\r\\nabc'
    """
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ValueError(f"{target[:100]!r} is no target of a request: percent-encode what is not ASCII")
    if body is not None or method in ("POST", "PUT", "PATCH"):
        headers = {**headers, "Content-Length": str(len(body or b""))}
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the header {name} has letters that cannot be sent; expected printable ASCII")
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + (body or b"")


class AnswerParser:
    """Takes bytes as they arrive, and gives the answer to one request.

    >>> parser = AnswerParser()
    >>> parser.feed(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nab"), parser.head.status, parser.is_complete
    (b'ab', 200, False)
    >>> parser.feed(b"cde"), parser.is_complete, parser.is_reusable
    (b'cde', True, True)
    """

    def __init__(self) -> None:
        self.head: Head | None = None
        self.is_complete = False
        self._buffer = bytearray()
        self._content: list[bytes] = []
        self._has_begun = self._ends_with_connection = self._is_last = False
        self._parser = self._answer()
        next(self._parser)

    @property
    def is_reusable(self) -> bool:
        """Whether another request can be sent on the connection."""
        return self.is_complete and not self._is_last and not self._buffer

    def feed(self, data: bytes) -> bytes:
        """The content that is there with these bytes.

        Raises:
            ProtocolError: this is no answer.
        """
        self._buffer += data
        self._has_begun = self._has_begun or bool(data)
        if not self.is_complete:
            try:
                next(self._parser)
            except StopIteration:
                self.is_complete = True
        content, self._content = b"".join(self._content), []
        return content

    def end(self) -> None:
        """The connection was closed.

        Raises:
            ProtocolError: in the middle of the answer, or before it.
        """
        if self._ends_with_connection:
            self.is_complete = True
        elif not self._has_begun:
            raise ProtocolError("the connection was closed without an answer")
        elif not self.is_complete:
            raise ProtocolError("the connection was closed in the middle of the answer")

    def _answer(self) -> Generator[None, None, None]:
        head = yield from self._read_head()
        while head.status < 200:  # "go on" and the like come before the answer
            head = yield from self._read_head()
        self.head = head
        coding, length = head.headers.get("transfer-encoding"), head.headers.get("content-length")
        if head.status in (204, 304):
            return
        if coding is not None:
            if coding.lower() != "chunked":
                raise ProtocolError(f"the answer is coded as {coding[:40]!r}; expected chunked")
            yield from self._chunks()
        elif length is not None:
            yield from self._exactly(_number(length, 10))
        else:
            yield from self._rest()

    def _read_head(self) -> Generator[None, None, Head]:
        version, _, rest = (yield from self._line()).partition(" ")
        status = rest[:3]
        if not version.startswith("HTTP/1.") or not (len(status) == 3 and status.isascii() and status.isdecimal()):
            raise ProtocolError(f"{version[:40]!r} came; expected an answer of HTTP/1.1")
        headers: dict[str, str] = {}
        while line := (yield from self._line()):
            name, colon, value = line.partition(":")
            name, value = name.lower(), value.strip(" \t")
            if not colon or not name or name != name.strip() or len(headers) >= _MAX_HEADERS:
                raise ProtocolError(f"the headers of the answer cannot be read at {line[:40]!r}")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        connection = headers.get("connection", "" if version == "HTTP/1.1" else "close").lower()
        self._is_last = self._is_last or ("close" in connection)
        return Head(int(status), headers)

    def _line(self) -> Generator[None, None, str]:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _MAX_LINE_BYTES:
                raise ProtocolError(f"a line of the answer has more than {_MAX_LINE_BYTES} bytes")
            yield
        line = self._buffer[:end].removesuffix(b"\r").decode("latin-1")
        del self._buffer[: end + 1]
        return line

    def _chunks(self) -> Generator[None, None, None]:
        while size := _number((yield from self._line()).partition(";")[0].strip(), 16):
            yield from self._exactly(size)
            if (yield from self._line()):
                raise ProtocolError("a chunk of the answer is longer than was said")
        while (yield from self._line()):
            pass  # what follows the content is of no use here

    def _exactly(self, size: int) -> Generator[None, None, None]:
        while size > 0:
            if not self._buffer:
                yield
            piece = bytes(self._buffer[:size])
            del self._buffer[: len(piece)]
            self._content.append(piece)
            size -= len(piece)

    def _rest(self) -> Generator[None, None, None]:
        self._ends_with_connection = self._is_last = True
        while True:
            self._content.append(bytes(self._buffer))
            self._buffer.clear()
            yield


def _number(text: str, base: int) -> int:
    digits = "0123456789abcdef"[:base]
    if not 0 < len(text) <= 16 or not set(text.lower()) <= set(digits):
        raise ProtocolError(f"the length of the answer is {text[:40]!r}; expected a number")
    return int(text, base)
