"""The key and certificates that sign manifests: a PEM pair of the operator's, or one made for development.

The profile is that of C2PA 2.2, section 14.5: X.509 version 3, ES256, a leaf below a certificate authority.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANISATION = "Melting Pot AI, development"
VALID_FOR = datetime.timedelta(days=3650)
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)


class BadCredentials(ValueError):
    """The files do not hold a key and the certificates that belong to it."""


@dataclass(frozen=True)
class Credentials:
    """PEM: `certificates` the leaf first, `key` the leaf's private key (P-256, PKCS #8, no password)."""

    certificates: bytes
    key: bytes = field(repr=False)


def load_credentials(certificates: Path, key: Path) -> Credentials:
    """Credentials of two PEM files. Raises BadCredentials that names the file."""
    try:
        chain = x509.load_pem_x509_certificates(certificates.read_bytes())
    except (OSError, ValueError) as error:
        raise BadCredentials(f"{certificates} holds no PEM certificates: {error}") from error
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BadCredentials(f"{key} holds no PEM private key without a password: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise BadCredentials(f"{key} is no P-256 key, which ES256 signs with")
    if chain[0].public_key() != private.public_key():
        raise BadCredentials(f"the first certificate of {certificates} is not that of the key {key}")
    return Credentials(b"".join(map(_pem, chain)), _key_pem(private))


def development_credentials(folder: Path) -> Credentials:
    """The throw-away credentials of a folder, made on the first use; two processes come to the same ones."""
    path = folder / "provenance-development.pem"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = make_credentials()
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".provenance-")
        with os.fdopen(descriptor, "wb") as out:
            out.write(made.key + made.certificates)
        try:
            os.link(name, path)
        except FileExistsError:  # another process was first
            pass
        finally:
            os.unlink(name)
    return load_credentials(path, path)


def make_credentials() -> Credentials:
    """A new root and a leaf below it, which nobody trusts; the root's key is forgotten at once."""
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, leaf_name = _name("Root"), _name("Image generator")
    root = (
        _certificate(root_name, root_key.public_key(), root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    # C2PA's validators accept a signer of e-mail; of documents only some of them do.
    leaf = (
        _certificate(leaf_name, leaf_key.public_key(), root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return Credentials(_pem(leaf) + _pem(root), _key_pem(leaf_key))


def _certificate(
    subject: x509.Name, public: Any, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)  # clocks differ
    return (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), begin, begin + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in allowed for name in USAGES})


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
