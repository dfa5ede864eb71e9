"""Wallets by name: always the same key, and a clear answer where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account

from backend.config import Settings
from backend.errors import WalletUnavailable
from backend.wallets import Wallets, derivation_index


def wallets(**values: object) -> Wallets:
    return Wallets(Settings(_env_file=None, **values))


def test_deployer_is_the_mnemonics_first_account() -> None:
    assert wallets().address("deployer") == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_a_name_leads_to_the_bip44_key() -> None:
    Account.enable_unaudited_hdwallet_features()
    path = f"m/44'/60'/0'/0/{derivation_index('artist:Emily Jäger')}"
    expected = Account.from_mnemonic(
        "test test test test test test test test test test test junk", account_path=path
    )
    assert wallets().address("artist:Emily Jäger") == expected.address


def test_indices_are_31_bits_and_differ() -> None:
    indices = {derivation_index(f"artist:{i}") for i in range(1000)}
    assert len(indices) == 1000 and max(indices) < 2**31


@pytest.mark.parametrize("name", ["nobody", "artist:", "artist", ""])
def test_unknown_names(name: str) -> None:
    with pytest.raises(WalletUnavailable, match="no wallet named"):
        wallets().account(name)


def test_no_development_wallets_in_production() -> None:
    with pytest.raises(WalletUnavailable) as caught:
        wallets(environment="production").account("operator")
    assert "MELTINGPOT_OPERATOR_KEYSTORE" in caught.value.what_to_do


def test_a_bad_mnemonic_is_named() -> None:
    with pytest.raises(WalletUnavailable, match="MNEMONIC"):
        wallets(mnemonic="no such words").account("operator")


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "operator.json"
    path.write_text(json.dumps(Account.encrypt("0x" + "11" * 32, "secret", iterations=2, kdf="pbkdf2")))
    return path


def test_keystore_with_password_file(keystore: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    opened = wallets(operator_keystore=keystore, keystore_password_file=tmp_path / "password")
    assert opened.address("operator") == Account.from_key("0x" + "11" * 32).address
    assert not opened.is_development("operator") and opened.is_development("relayer")


def test_keystore_problems_are_told(keystore: Path, tmp_path: Path) -> None:
    for values, text in [
        ({"keystore_password": "wrong"}, "does not open"),
        ({}, "need a password"),
        ({"operator_keystore": tmp_path / "none.json", "keystore_password": "x"}, "cannot be read"),
    ]:
        with pytest.raises(WalletUnavailable, match=text):
            wallets(**{"operator_keystore": keystore, **values}).account("operator")
