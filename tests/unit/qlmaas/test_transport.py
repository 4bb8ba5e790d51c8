"""HTTP and TLS for real: a small server on this machine, with certificates made for the test."""

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from qat.qlmaas.configuration import Configuration
from qat.qlmaas.errors import ConfigurationError, UnreachableError
from qat.qlmaas.transport import HttpTransport, address_of, ssl_context_of


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/cut":
            self.close_connection = True
            return
        if self.path == "/slow":
            self.server.release.wait(1)
        length = int(self.headers.get("Content-Length", 0))
        self.send_response(404 if self.path == "/no" else 302 if self.path == "/else" else 200)
        self.send_header("X-Path", self.path)
        self.send_header("Location", "/")
        if self.path == "/stream":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (b"one\n", b"two\n", b""):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            return
        body = b"got " + self.rfile.read(length)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """Files: the authority, a server's certificate, another authority, a client's certificate and key."""
    folder = tmp_path_factory.mktemp("certificates")
    server = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    server.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    client = authority.issue_cert("me@example.org")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")
    client.private_key_pem.write_to_path(folder / "key.pem")
    return folder


def served(context=None, handler=Echo):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.release = threading.Event()
    server.handle_error = lambda *_: None
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def tls(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "server.pem")
    server = served(context)
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def plain():
    server = served()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


def get(transport, path="/", method="GET", **options):
    return transport.request(method, path, headers={}, timeout_s=options.pop("timeout_s", 5.0), **options)


@pytest.fixture
def transport(request):
    made = []

    def make(**settings):
        made.append(HttpTransport(Configuration(**settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_requests_and_answers(transport, plain):
    http = transport(hostname=f"http://127.0.0.1:{plain.server_address[1]}/base/")
    answer = get(http, "/x?a=1", "POST", body=b"text")
    assert (answer.status, answer.body, answer.headers["x-path"]) == (200, b"got text", "/base/x?a=1")


def test_refusals_and_redirections_are_answers(transport, plain):
    http = transport(hostname="http://127.0.0.1", port=plain.server_address[1])
    assert [get(http, path).status for path in ("/no", "/else")] == [404, 302]
    seen = []
    assert get(http, "/no", on_data=seen.append).body == b"got " and seen == []


def test_streams(transport, plain):
    http = transport(hostname="http://localhost", port=plain.server_address[1])
    seen = []
    assert get(http, "/stream", on_data=lambda data: not seen.append(data)).status == 200
    assert b"".join(seen) == b"one\ntwo\n"
    first = []
    get(http, "/stream", on_data=lambda data: bool(first.append(data)))
    assert len(first) == 1 and first[0].startswith(b"one")


def test_servers_that_do_not_answer(transport, plain):
    http = transport(hostname="http://127.0.0.1", port=plain.server_address[1])
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:\d+ does not answer") as raised:
        get(http, "/cut")
    assert raised.value.was_sent and raised.value.retryable
    with pytest.raises(UnreachableError) as raised:
        get(http, "/slow", timeout_s=0.05)
    assert raised.value.was_sent
    plain.release.set()
    nobody = transport(hostname="http://127.0.0.1:1")
    with pytest.raises(UnreachableError, match="refused") as raised:
        get(nobody)
    assert not raised.value.was_sent and isinstance(raised.value, ConnectionError)


@pytest.mark.parametrize("trusted", ["ca.pem", "certificate.pem"])
def test_a_server_that_proves_who_it_is(transport, tls, files, trusted):
    assert get(transport(hostname="localhost", port=tls, certificate=str(files / trusted))).body == b"got "


def test_a_server_that_cannot_prove_who_it_is(transport, tls, files):
    with pytest.raises(UnreachableError, match=r"pass its certificate: certificate=FILE") as raised:
        get(transport(hostname="localhost", port=tls))
    assert raised.value.code == "not-trusted" and not raised.value.retryable
    with pytest.raises(UnreachableError, match=r"other\.pem is not the certificate of this server"):
        get(transport(hostname="localhost", port=tls, certificate=str(files / "other.pem")))
    with pytest.raises(UnreachableError, match="cannot prove"):
        get(transport(hostname="localhost", port=tls, check_host=False))


def test_the_name_in_the_certificate(transport, tls, files):
    ca = str(files / "ca.pem")
    with pytest.raises(UnreachableError, match="127\\.0\\.0\\.1"):
        get(transport(hostname="127.0.0.1", port=tls, certificate=ca))
    assert get(transport(hostname="127.0.0.1", port=tls, certificate=ca, check_host=False)).status == 200


def test_client_certificates(transport, files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "server.pem")
    context.load_verify_locations(files / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = served(context)
    settings = {"hostname": "localhost", "port": server.server_address[1], "ca": str(files / "ca.pem")}
    with pytest.raises(UnreachableError):
        get(transport(**settings))
    own = {"certificate": str(files / "client.pem"), "key": str(files / "key.pem")}
    assert get(transport(**settings, **own)).status == 200
    server.shutdown()
    server.server_close()


class Proxy(BaseHTTPRequestHandler):
    """Passes connections through, once it was asked to; to one that is forbidden it says so."""

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        if port == "1":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        self.server.passed.append(self.path)
        with socket.create_connection((host, int(port))) as target:
            back = threading.Thread(target=pump, args=(target, self.connection))
            back.start()
            pump(self.connection, target)
            back.join(5)

    def do_GET(self):
        self.server.passed.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def pump(source, target):
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy():
    server = served(handler=Proxy)
    server.passed = []
    yield server
    server.shutdown()
    server.server_close()


def test_a_proxy_passes_tls_through(transport, tls, files, proxy):
    through = {"proxy_host": "127.0.0.1", "proxy_port": proxy.server_address[1]}
    http = transport(hostname="localhost", port=tls, certificate=str(files / "ca.pem"), **through)
    assert [get(http, "/x").headers["x-path"] for _ in range(2)] == ["/x", "/x"]
    assert proxy.passed == [f"localhost:{tls}"]
    with pytest.raises(UnreachableError, match=r"the proxy refuses with status 403; check the proxy") as raised:
        get(transport(hostname="https://localhost:1", **through))
    assert not raised.value.was_sent


def test_a_proxy_is_told_the_whole_address_of_a_plain_server(transport, proxy):
    http = transport(hostname="http://localhost:99/base", proxy_host="127.0.0.1", proxy_port=proxy.server_address[1])
    assert get(http, "/x").status == 200
    assert proxy.passed == ["http://localhost:99/base/x"]


def test_connections_are_kept_and_those_that_ended_are_not_used(transport, plain):
    http = transport(hostname="http://127.0.0.1", port=plain.server_address[1])
    get(http)
    (link,) = http._idle
    get(http)
    assert http._idle == [link]
    link.shutdown(socket.SHUT_RDWR)
    assert get(http).status == 200
    assert len(http._idle) == 1 and http._idle != [link]


def test_threads_share_a_transport(transport, plain):
    http = transport(hostname="http://127.0.0.1", port=plain.server_address[1])
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda number: get(http, "/", "POST", body=b"%d" % number).body, range(100)))
    assert bodies == [b"got %d" % number for number in range(100)]
    assert 1 <= len(http._idle) <= 8


def test_a_server_that_speaks_something_else(transport, tls):
    with pytest.raises(UnreachableError, match="does not answer") as raised:
        get(transport(hostname=f"http://127.0.0.1:{tls}"))
    assert raised.value.was_sent


def test_plain_http_where_tls_was_expected(transport, plain):
    with pytest.raises(UnreachableError, match="does not answer") as raised:
        get(transport(hostname=f"https://127.0.0.1:{plain.server_address[1]}"))
    assert not raised.value.was_sent and raised.value.retryable


def test_a_proxy_that_is_away(transport):
    with pytest.raises(UnreachableError, match="check the proxy"):
        get(transport(hostname="https://example.org", proxy_host="127.0.0.1", proxy_port=1))


def test_certificates_that_cannot_be_read(files):
    for settings in ({"certificate": "/nothing.pem"}, {"certificate": str(files / "ca.pem"), "key": "/no"}):
        with pytest.raises(ConfigurationError, match="the certificate cannot be used"):
            ssl_context_of(Configuration(**settings))


def test_nothing_is_unverified():
    assert ssl_context_of(Configuration(check_host=False)).verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("hostname", "port", "address"),
    [
        ("qlm", 443, "https://qlm:443"),
        ("qlm:8443", 443, "https://qlm:8443"),
        ("::1", 8443, "https://[::1]:8443"),
        ("[::1]:9", 8443, "https://[::1]:9"),
        ("https://a.b/c/d/", 7, "https://a.b:7/c/d"),
        ("http://[::1]", 80, "http://[::1]:80"),
    ],
)
def test_addresses(hostname, port, address):
    assert str(address_of(Configuration(hostname=hostname, port=port))) == address


@pytest.mark.parametrize(
    ("hostname", "reason"),
    [
        ("ftp://a", "is no server"), ("https://", "is no server"), ("a:b:c/", "is no server"),
        ("https://me:secret@a", "is no server"), ("http://a.b", "plain http is for this machine"), ("a:x", "no server"),
    ],
)  # fmt: skip
def test_wrong_addresses(hostname, reason):
    with pytest.raises(ConfigurationError, match=reason):
        address_of(Configuration(hostname=hostname))


def test_a_transport_that_is_forgotten_closes_its_connections(plain):
    http = HttpTransport(Configuration(hostname="http://127.0.0.1", port=plain.server_address[1]))
    get(http)
    (link,) = http._idle
    del http
    assert link.fileno() == -1
