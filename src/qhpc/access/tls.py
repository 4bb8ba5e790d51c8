"""The certificate that a server makes for itself, and when a server may speak without one."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["CertificateFiles", "is_loopback", "local_names", "own_certificate", "server_context", "write_private"]

_LIFETIME = timedelta(days=825)
_RENEW_BEFORE_END = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """A certificate (what clients trust) and its key (which nobody else may read), as PEM files."""

    certificate: Path
    key: Path


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def local_names(host: str) -> list[str]:
    """The names under which clients may look for a server that listens at ``host``.

    >>> local_names("127.0.0.1")[:3]
    ['localhost', '127.0.0.1', '::1']
    """
    here = [socket.gethostname(), socket.getfqdn()]
    listening = [] if host in ("0.0.0.0", "::", "") else [host]
    return list(dict.fromkeys(["localhost", "127.0.0.1", "::1", *listening, *here]))


def own_certificate(directory: Path, names: list[str], now: datetime | None = None) -> CertificateFiles:
    """The server's own certificate, made at the first start, and again when it expires or lacks one of the names.

    Args:
        directory: where it lies as ``certificate.pem`` and ``key.pem`` (0600).
        names: host names and addresses that it has to hold for.
        now: time.
    """
    files = CertificateFiles(certificate=directory / "certificate.pem", key=directory / "key.pem")
    now = now or datetime.now(UTC)
    if not (files.key.exists() and _is_good(files.certificate, names, now)):
        _make(files, names, now)
    return files


def _is_good(path: Path, names: list[str], now: datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    if certificate.not_valid_after_utc - now < _RENEW_BEFORE_END:
        return False
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(map(_general_name, names)) <= set(alternatives)


def _make(files: CertificateFiles, names: list[str], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key, names, now)
    write_private(files.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(files.certificate, certificate.public_bytes(Encoding.PEM))
    files.certificate.chmod(0o644)


def _signed(key: ec.EllipticCurvePrivateKey, names: list[str], now: datetime) -> x509.Certificate:
    """A certificate that is its own authority, as strict verifiers want one."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "openqat server")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
    )
    for extension, is_critical in (
        (x509.SubjectAlternativeName(list(map(_general_name, names))), False),
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (identifier, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    ):
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(key, hashes.SHA256())


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, at once or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def server_context(files: CertificateFiles) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate.

    Raises:
        OSError, ssl.SSLError: the files cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context
