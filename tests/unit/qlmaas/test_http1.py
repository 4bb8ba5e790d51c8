"""HTTP/1.1 from bytes to answers, however the bytes are cut."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.qlmaas.http1 import AnswerParser, ProtocolError, request_bytes

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "with a length": (OK + b"Content-Length: 5\r\n\r\nabcde", b"abcde", True),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "in chunks": (OK + b"Transfer-Encoding: Chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
                  b"abc0123456789", True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", b"", True),
    "no content": (b"HTTP/1.1 204\r\n\r\n", b"", True),
    "the last one": (OK + b"Connection: Close\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "of an old server": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "after others": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                     + OK + b"Content-Length: 1\r\n\r\na", b"a", True),
    "with bare line ends": (OK.replace(b"\r", b"") + b"content-length:1\n\na", b"a", True),
    "to the end": (OK + b"\r\nabc", b"abc", False),
    "with more behind it": (OK + b"Content-Length: 1\r\n\r\nabc", b"a", False),
}  # fmt: skip


def parsed(*pieces):
    parser = AnswerParser()
    content = b"".join(map(parser.feed, pieces))
    if not parser.is_complete:
        parser.end()
    return parser, content


@given(st.sampled_from(list(ANSWERS.values())), st.lists(st.integers(0, 200), max_size=8))
def test_answers_are_the_same_however_they_are_cut(answer, cuts):
    data, content, is_reusable = answer
    ends = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in pairwise(ends)]
    parser, found = parsed(*pieces)
    assert (found, parser.is_complete, parser.is_reusable) == (content, True, is_reusable)


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"to the end"}))
def test_answers_that_are_cut_off_are_noticed(name):
    data, content, _ = ANSWERS[name]
    end = len(data) - (2 if name == "with more behind it" else 0)
    for cut in range(1, end):
        with pytest.raises(ProtocolError, match="in the middle of the answer"):
            parsed(data[:cut])
    with pytest.raises(ProtocolError, match="without an answer"):
        parsed()
    assert parsed(data[:end])[1] == content


def test_headers_that_come_twice_are_joined():
    parser, _ = parsed(OK + b"Set-Cookie: a\r\nX-Y:\t b \r\nset-cookie: c\r\n\r\n")
    assert parser.head == (200, {"set-cookie": "a, c", "x-y": "b"})


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n", "'SSH-2.0-OpenSSH_9' came"),
        (b"HTTP/2 200\r\n", "'HTTP/2' came"),
        (b"HTTP/1.1 2x0 OK\r\n", "came; expected"),
        (b"HTTP/1.1 99\r\n", "came; expected"),
        (OK + b"no colon\r\n", "headers of the answer cannot be read at 'no colon'"),
        (OK + b" folded: x\r\n", "cannot be read"),
        (OK + b"name : x\r\n", "cannot be read"),
        (OK + b"a: b\r\n" + b"".join(b"h%d: 1\r\n" % n for n in range(300)), "cannot be read"),
        (OK + b"Content-Length: -1\r\n\r\n", "length of the answer is '-1'"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "length of the answer is '1, 2'"),
        (OK + b"Transfer-Encoding: gzip\r\n\r\n", "coded as 'gzip'"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n+3\r\n", "length of the answer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n", "length of the answer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "longer than was said"),
        (b"x" * 70_000, "more than 65536 bytes"),
    ],
)
def test_what_is_no_answer_is_refused(data, finding):
    with pytest.raises(ProtocolError, match=finding):
        parsed(data)


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_give_an_answer_or_an_error(pieces):
    with suppress(ProtocolError):
        parsed(*pieces)


def test_requests_end_where_they_should():
    assert request_bytes("GET", "/a?b=%20", {"Host": "h"}) == b"GET /a?b=%20 HTTP/1.1\r\nHost: h\r\n\r\n"
    assert b"Content-Length: 0\r\n" in request_bytes("POST", "/", {})
    for target in ("/a b", "/a\r\nX: y", "/ä"):
        with pytest.raises(ValueError, match="no target of a request"):
            request_bytes("GET", target, {})
    with pytest.raises(ValueError, match="the header Authorization") as raised:
        request_bytes("GET", "/", {"Authorization": "Bearer secret\r\nX: y"})
    assert "secret" not in str(raised.value)
