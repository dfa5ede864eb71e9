"""Bodies of the API's money calls; amounts are decimal strings in the settlement token's smallest unit."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from backend.generations.schemas import AddressText, UintText
from backend.royalties.ledger import LEDGER_KINDS


class EarningsBody(BaseModel):
    """What an account earned, has been paid and can claim."""

    account: AddressText
    owed: UintText = Field(description="by sales and tips, payable now")
    claimable: UintText = Field(description="as a holder, payable now")
    claimed_market: UintText
    claimed_pool: UintText
    claimed_prepaid: UintText
    credited: UintText = Field(description="by attribution, since the beginning")
    tipped: UintText = Field(description="by people who liked a generation, since the beginning")
    sales: int = Field(description="how many sales credited this account")
    stake: UintText = Field(description="stake tokens, 18 decimals")
    payee: AddressText = Field(description="who is paid `owed` when it is claimed: itself unless it named another")


class LedgerLine(BaseModel):
    """One movement of money."""

    block: int
    kind: Literal[LEDGER_KINDS]
    order_id: str | None
    account: str | None
    amount: UintText
    note: str


class LedgerPage(BaseModel):
    """Movements, the oldest first, always whole blocks."""

    rows: list[LedgerLine]
    next_cursor: str | None = Field(description="give it as `cursor` to get the next page; null at the end")
