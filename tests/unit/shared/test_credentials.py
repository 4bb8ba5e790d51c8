"""How a job proves who runs it: by the socket, by MUNGE, by a token; over TLS too."""

import ssl

import pytest
import trustme

from qat.comm.broker import messages as said
from qat.comm.broker.messages import Greeting, signed_payload
from qat.core import Circuit
from qat.core.errors import QPUException
from qat.qpus import LinAlg, SharedQPU
from qat.shared import credentials
from qat.shared.credentials import Proof, Unproven, prove
from qat.shared.munge import MungeUnavailable, munge, unmunge


def greeting(*methods):
    return Greeting(1, "lab", b"0123456789abcdef", methods)


def test_a_unix_socket_needs_nothing():
    assert prove(greeting("jwt", "munge", "peer"), is_local=True) == Proof("peer")


def test_munge_carries_the_nonce(munge_socket):
    proof = prove(greeting("peer", "munge"), is_local=False, munge_socket=munge_socket)
    assert proof.method == "munge"
    assert unmunge(proof.credential, socket=munge_socket).payload == signed_payload(b"0123456789abcdef")


def test_a_token_where_there_is_no_munge(monkeypatch):
    def none(*_, **__):
        raise MungeUnavailable("MUNGE is not installed here")

    monkeypatch.setattr(credentials, "munge", none)
    methods = greeting("peer", "munge", "jwt")
    assert prove(methods, is_local=False, environment={"SLURM_JWT": "a.b.c"}) == Proof("jwt", b"a.b.c")
    with pytest.raises(Unproven) as caught:
        prove(methods, is_local=False, environment={})
    text = str(caught.value)
    assert "peer: works over a Unix socket only; munge: MUNGE is not installed here; jwt: SLURM_JWT is not set" in text


def test_methods_of_the_future():
    with pytest.raises(Unproven, match="the broker of 'lab' asks who this is"):
        prove(greeting(), is_local=True)


def test_a_socket_of_munge_that_is_none(tmp_path):
    with pytest.raises(MungeUnavailable, match=f"munged does not answer at {tmp_path}/none"):
        munge(b"", socket=f"{tmp_path}/none")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls_broker(start_broker, authority, monkeypatch, tmp_path, munge_socket):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("QAT_BROKER_AUTHORITY", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("QAT_MUNGE_SOCKET", munge_socket)
    return start_broker(0, methods=("munge",), context=context)


def test_over_tls_a_credential_goes_with_each_connection(tls_broker, munge_socket):
    proofs = []

    def check(connection, opening):
        proofs.append(unmunge(opening.credential, socket=munge_socket).payload == signed_payload(connection.nonce))
        tls_broker.usual(connection, opening)

    tls_broker.on[said.OpenSession] = check
    qpu, job = SharedQPU("p"), Circuit.empty(2).to_job()
    here = [sample.state.bitstring for sample in LinAlg().submit(job)]
    for _ in range(2):
        assert [sample.state.bitstring for sample in qpu.submit(job)] == here
        tls_broker.drop()
    tls_broker.until_heard(said.OpenSession, 3)
    assert all(proofs)


def test_large_tasks_over_tls(tls_broker):
    job = Circuit.empty(2).to_job()
    job.meta_data = {"opaque": "x" * (5 << 20)}
    results = SharedQPU("p").submit([job] * 4)
    assert len(results) == 4
    assert len(tls_broker.of(said.SubmitTask)[0].payload) > 5 << 20


def test_a_certificate_of_somebody_else(tls_broker, monkeypatch, tmp_path):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("QAT_BROKER_AUTHORITY", str(tmp_path / "other.pem"))
    with pytest.raises(QPUException, match="CERTIFICATE_VERIFY_FAILED") as caught:
        SharedQPU("p", patience_s=0.1).submit(Circuit.empty(1).to_job())
    assert not tls_broker.of(said.OpenSession)
    assert "could not be reached" in caught.value.message
