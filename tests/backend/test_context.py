"""Who is given coin for gas: development wallets on development chains, nobody else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from backend.config import Settings
from backend.context import GAS_RESERVE_WEI, Context


class Chain:
    """Stands where the client stands, and counts what it gives out."""

    url, chain_id = "http://nowhere", 31337

    def __init__(self, is_development: bool, wei: int) -> None:
        self.is_development, self.wei, self.funded = is_development, wei, []

    def balance(self, address: str) -> int:
        return self.wei

    def fund(self, address: str) -> None:
        self.funded.append(address)


@pytest.mark.parametrize(
    ("development", "wei", "gifts"), [(True, 0, 1), (True, GAS_RESERVE_WEI, 0), (False, 0, 0)]
)
def test_a_wallet_gets_gas_once_and_on_development_chains_only(development: bool, wei: int, gifts: int) -> None:
    context = Context(Settings(mnemonic="legal winner thank year wave sausage worth useful legal winner thank yellow"))
    context.__dict__["client"] = chain = Chain(development, wei)
    for _ in range(2):
        context.sender("relayer")
    assert chain.funded == [context.wallets.address("relayer")] * gifts


def test_in_production_nobody_is_given_anything() -> None:
    context = Context(SimpleNamespace(environment="production"))
    context.__dict__["client"] = chain = Chain(True, 0)
    context.sender(SimpleNamespace(address="0x" + "ab" * 20))
    assert chain.funded == []
