"""What commands, API, worker and tests work with: every part made from the settings on its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from backend.config import DEVELOPMENT_MNEMONIC, Settings, get_settings
from backend.database import make_engine, make_sessions
from backend.errors import WalletUnavailable
from backend.wallets import Wallets

if TYPE_CHECKING:  # imported on first use: `meltingpot --help` must not load web3
    from eth_account.signers.local import LocalAccount

    from backend.chain.client import ChainClient
    from backend.chain.contracts import Contracts
    from backend.chain.transactions import Sender
    from backend.storage.documents import Documents
    from backend.storage.ipfs import Ipfs


GAS_RESERVE_WEI = 10**17


class Context:
    """Lazily made parts. `sessions` brings the database to the newest schema first."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._have_gas: set[str] = set()

    @cached_property
    def settings(self) -> Settings:
        return self._settings or get_settings()

    @cached_property
    def engine(self) -> Engine:
        return make_engine(self.settings.database_url)

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """`with ctx.sessions() as s` reads, `with ctx.sessions.begin() as s` writes and commits."""
        from backend.migrations import upgrade

        upgrade(self.engine)
        return make_sessions(self.engine)

    @cached_property
    def client(self) -> ChainClient:
        from backend.chain.client import ChainClient

        return ChainClient(self.settings)

    @cached_property
    def contracts(self) -> Contracts:
        from backend.chain.contracts import Contracts

        return Contracts.load(self.client, self.settings)

    @cached_property
    def ipfs(self) -> Ipfs:
        from backend.storage.ipfs import Ipfs

        return Ipfs(self.settings.ipfs_api, timeout_s=self.settings.ipfs_timeout_s)

    @cached_property
    def documents(self) -> Documents:
        from backend.storage.documents import Documents

        return Documents(self.ipfs)

    @cached_property
    def wallets(self) -> Wallets:
        return Wallets(self.settings)

    def sender(self, wallet: str | LocalAccount) -> Sender:
        """A sender for a wallet by name, or for an account. Raises WalletUnavailable where everybody would
        know the key."""
        from backend.chain.transactions import Sender

        if isinstance(wallet, str):
            self._refuse_known_key(wallet)
            wallet = self.wallets.account(wallet)
        self._give_gas(wallet.address)
        return Sender(self.client, wallet)

    def _refuse_known_key(self, name: str) -> None:
        if (
            self.wallets.is_development(name)
            and self.settings.mnemonic == DEVELOPMENT_MNEMONIC
            and not self.client.is_development
        ):
            raise WalletUnavailable(
                f"The wallet {name!r} comes from the mnemonic that everybody knows, and chain "
                f"{self.client.chain_id} is no development chain.",
                "Set MELTINGPOT_MNEMONIC to words of your own, or use keystore files.",
            )

    def _give_gas(self, address: str) -> None:
        """Development wallets are made from names and start empty, on whichever development chain: they get coin for
        gas when they first send. Elsewhere people bring their own."""
        if address in self._have_gas or self.settings.environment != "development" or not self.client.is_development:
            return
        if self.client.balance(address) < GAS_RESERVE_WEI:
            self.client.fund(address)
        self._have_gas.add(address)
