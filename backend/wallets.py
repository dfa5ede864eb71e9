"""Keys by name. Development wallets come from one mnemonic, the service's own keys from keystore files.

Names: `deployer`, `operator`, `relayer`, `proposer`, `trainer`, `challenger`, `platform`, `network`,
`learning`, `guardian`, `resolver`, `buyer:1`…, `artist:NAME`.
The key is at m/44'/60'/0'/0/i, where i is 0 for `deployer`
and the first 31 bits of sha256(name) otherwise, so a name always leads to the same wallet and no list has to
be kept.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path

from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_account.signers.local import LocalAccount
from eth_utils import ValidationError

from backend.config import Settings
from backend.errors import WalletUnavailable

ROLES = (
    "deployer",
    "operator",
    "relayer",
    "proposer",
    "trainer",
    "challenger",
    "platform",
    "network",
    "learning",
    "guardian",
    "resolver",
)
KEYSTORE_ROLES = ("operator", "relayer", "proposer", "resolver")


def derivation_index(name: str) -> int:
    """The BIP-44 address index of a wallet name: 0 for the deployer, else 31 bits of sha256(name)."""
    if name == "deployer":
        return 0
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


class Wallets:
    """Accounts by name; each key is made once and kept in memory only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._accounts: dict[str, LocalAccount] = {}

    def account(self, name: str) -> LocalAccount:
        """The account of `name`. Raises WalletUnavailable for an unknown name or a missing key."""
        if name not in self._accounts:
            self._accounts[name] = self._open(name)
        return self._accounts[name]

    def address(self, name: str) -> str:
        """EIP-55 address of `name`."""
        return self.account(name).address

    def is_development(self, name: str) -> bool:
        """Whether the key comes from the mnemonic, which others may know."""
        return self._keystore(name) is None

    def _open(self, name: str) -> LocalAccount:
        kind, _, rest = name.partition(":")
        if name not in ROLES and not (kind in ("artist", "buyer") and rest):
            raise WalletUnavailable(
                f"There is no wallet named {name!r}.",
                f"Use one of {', '.join(ROLES)}, buyer:NUMBER or artist:NAME.",
            )
        keystore = self._keystore(name)
        if keystore is not None:
            return self._from_keystore(name, keystore)
        if self._settings.mnemonic is None:
            raise WalletUnavailable(f"No key is set for the wallet {name!r}.", self._how_to_set(name))
        key = key_from_seed(self._seed, f"m/44'/60'/0'/0/{derivation_index(name)}")
        return Account.from_key(key)

    def _keystore(self, name: str) -> Path | None:
        return getattr(self._settings, f"{name}_keystore") if name in KEYSTORE_ROLES else None

    @staticmethod
    def _how_to_set(name: str) -> str:
        if name in KEYSTORE_ROLES:
            return f"Set MELTINGPOT_{name.upper()}_KEYSTORE to a keystore file and give its password."
        return "This wallet exists in development only: its owner signs with their own wallet."

    @cached_property
    def _seed(self) -> bytes:
        try:
            return seed_from_mnemonic(self._settings.mnemonic, passphrase="")
        except ValidationError as error:
            raise WalletUnavailable(
                "MELTINGPOT_MNEMONIC is no BIP-39 mnemonic.",
                "Give 12 to 24 English words whose checksum is right.",
            ) from error

    def _from_keystore(self, name: str, path: Path) -> LocalAccount:
        try:
            return Account.from_key(Account.decrypt(json.loads(path.read_text()), self._password()))
        except OSError as error:
            raise WalletUnavailable(
                f"The keystore of {name} at {path} cannot be read: {error.strerror}.", self._how_to_set(name)
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise WalletUnavailable(
                f"The keystore of {name} at {path} does not open: {error}.",
                "Check the file and MELTINGPOT_KEYSTORE_PASSWORD.",
            ) from error

    def _password(self) -> str:
        if self._settings.keystore_password is not None:
            return self._settings.keystore_password.get_secret_value()
        if self._settings.keystore_password_file is not None:
            return self._settings.keystore_password_file.read_text().rstrip("\n")
        raise WalletUnavailable(
            "The keystores need a password.",
            "Set MELTINGPOT_KEYSTORE_PASSWORD_FILE or MELTINGPOT_KEYSTORE_PASSWORD.",
        )
