from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from model.provenance.credentials import (
    BadCredentials,
    Credentials,
    development_credentials,
    load_credentials,
    make_credentials,
)
from model.provenance.manifest import checked


def written(folder: Path, credentials: Credentials) -> tuple[Path, Path]:
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(credentials.certificates)
    key.write_bytes(credentials.key)
    return chain, key


def test_the_leaf_is_signed_by_the_root(signer: Credentials) -> None:
    leaf, root = x509.load_pem_x509_certificates(signer.certificates)
    leaf.verify_directly_issued_by(root)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_pair_of_files(tmp_path: Path, signer: Credentials) -> None:
    assert checked(load_credentials(*written(tmp_path, signer))) == signer


def test_development_makes_them_once_and_for_itself(tmp_path: Path) -> None:
    made = development_credentials(tmp_path / "new")
    assert development_credentials(tmp_path / "new") == made
    (path,) = (tmp_path / "new").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in repr(made)


def test_what_does_not_fit_is_named(tmp_path: Path, signer: Credentials) -> None:
    chain, key = written(tmp_path, signer)
    with pytest.raises(BadCredentials, match="nowhere.pem holds no PEM certificates"):
        load_credentials(tmp_path / "nowhere.pem", key)
    with pytest.raises(BadCredentials, match="chain.pem holds no PEM private key"):
        load_credentials(chain, chain)
    key.write_bytes(make_credentials().key)
    with pytest.raises(BadCredentials, match="is not that of the key"):
        load_credentials(chain, key)
    key.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(BadCredentials, match="no P-256 key"):
        load_credentials(chain, key)


def test_certificates_that_c2pa_refuses(signer: Credentials) -> None:
    """A chain without its leaf's extended key usage: the root alone."""
    root = signer.certificates[signer.certificates.index(b"-----BEGIN", 1) :]
    with pytest.raises(BadCredentials, match="C2PA does not sign"):
        checked(Credentials(root, signer.key))
