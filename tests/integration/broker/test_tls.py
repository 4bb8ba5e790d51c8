"""Jobs on other machines: TCP with TLS, and Slurm's tokens."""

import socket
import ssl

import pytest
import trustme

from qat.comm.broker.messages import Greeting, OpenSession, Refused, frame_of, message_in
from qat.comm.framing import FrameDecoder

from .harness import LIMIT_S


@pytest.fixture
def site(broker_of, tmp_path):
    """A broker that listens on TCP, its port, and what clients trust."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "broker.pem")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pem = tmp_path / "broker.pem"
    (tmp_path / "jwt.key").write_bytes(b"k" * 32)
    broker = broker_of(driver="served", options="port = 1", limits="opening_s = 2.0")
    listen = f'[listen]\nhost = "127.0.0.1"\nport = {port}\ncertificate = "{pem}"\nkey = "{pem}"\n'
    identity = f'[identity]\nmethods = ["peer", "jwt"]\njwt_key = "{tmp_path / "jwt.key"}"\n'
    broker.settings.write_text(broker.settings.read_text() + listen + identity)
    broker.start()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return port, context


def greeted(link):
    decoder, frames = FrameDecoder(), []
    while not frames:
        frames = decoder.feed(link.recv(1 << 16))
    return message_in(frames[0].kind, frames[0].payload)


def test_a_job_comes_over_tls_and_has_to_prove_who_it_is(site):
    port, context = site
    for method, credential in (("peer", b""), ("jwt", b"a.b.c")):
        with (
            socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as link,
        ):
            greeting = greeted(link)
            assert isinstance(greeting, Greeting) and greeting.methods == ("peer", "jwt")
            link.sendall(frame_of(OpenSession(1, "p", "remote", method, credential)))
            refused = greeted(link)
            assert isinstance(refused, Refused) and refused.code == "authentication"
            assert link.recv(10) == b""


def test_who_speaks_no_tls_is_hung_up_on(site):
    port, _ = site
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain:
        plain.sendall(frame_of(OpenSession(1, "p", "remote")))
        assert b"Greeting" not in plain.recv(100)
