"""The server's own certificate."""

import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from qhpc.access.tls import is_loopback, local_names, own_certificate, server_context

NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "node7.centre.example"]


def names_in(path):
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def test_it_is_made_once(tmp_path):
    files = own_certificate(tmp_path, NAMES, NOW)
    content = files.certificate.read_bytes(), files.key.read_bytes()
    again = own_certificate(tmp_path, NAMES[:2], NOW + timedelta(days=700))
    assert again == files
    assert (files.certificate.read_bytes(), files.key.read_bytes()) == content
    assert names_in(files.certificate) == set(NAMES)


def test_only_its_owner_reads_the_key(tmp_path):
    files = own_certificate(tmp_path, NAMES, NOW)
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.certificate.stat().st_mode) == 0o644
    assert {path.name for path in tmp_path.iterdir()} == {"certificate.pem", "key.pem"}


@pytest.mark.parametrize(
    ("names", "later"), [(["other.example"], timedelta()), (NAMES, timedelta(days=800)), (NAMES, timedelta(days=9000))]
)
def test_it_is_made_again_when_it_does_not_hold(tmp_path, names, later):
    first = own_certificate(tmp_path, NAMES, NOW).certificate.read_bytes()
    files = own_certificate(tmp_path, names, NOW + later)
    assert files.certificate.read_bytes() != first
    assert names_in(files.certificate) == set(names)


def test_it_is_made_again_without_its_key(tmp_path):
    own_certificate(tmp_path, NAMES, NOW).key.unlink()
    server_context(own_certificate(tmp_path, NAMES, NOW))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "node7.centre.example"])
def test_strict_clients_accept_it(tmp_path, host):
    files = own_certificate(tmp_path, NAMES)
    server, client = _pair(files, host)
    _shake_hands(server, client)
    assert client.version() in ("TLSv1.3", "TLSv1.2")


def test_clients_refuse_it_under_another_name(tmp_path):
    server, client = _pair(own_certificate(tmp_path, NAMES), "elsewhere.example")
    with pytest.raises(ssl.SSLCertVerificationError, match="elsewhere"):
        _shake_hands(server, client)


def _pair(files, host):
    """Both ends of a connection, in memory."""
    trust = ssl.create_default_context(cafile=files.certificate)
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context(files).wrap_bio(there, back, server_side=True)
    return server, trust.wrap_bio(back, there, server_hostname=host)


def _shake_hands(server, client):
    done = set()
    for end in (client, server) * 4:
        try:
            end.do_handshake()
            done.add(end)
        except ssl.SSLWantReadError:
            pass
    assert done == {server, client}


def test_loopback_and_names():
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1", "x.example")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert "0.0.0.0" not in local_names("0.0.0.0")
    assert "10.0.0.1" in local_names("10.0.0.1")
