"""Answers of the API's calls on stake. Amounts are decimal strings in the smallest unit (18 decimals)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

AddressText = Annotated[
    str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"])
]
UintText = Annotated[str, Field(pattern=r"^[0-9]{1,78}$", examples=["95000000000000000000000"])]


class Holder(BaseModel):
    """An account with stake and its votes."""

    account: AddressText
    balance: UintText
    share_bps: int = Field(description="of all stake, rounded down", examples=[250])
    delegate: AddressText | None = Field(description="who votes with it; itself by default")
    votes: UintText = Field(description="own and delegated to it")
    name: str | None = Field(description="the artist's name, where the account is one")


class HolderPage(BaseModel):
    """One page of holders, the largest first."""

    supply: UintText
    holders: list[Holder]
    next_cursor: str | None = Field(description="null on the last page")


class StakeClaim(BaseModel):
    """What an account was minted by a round."""

    round_id: int
    part: Literal["artists", "learning"] = Field(description="of the round's mint")
    amount: UintText
    claimed_at: int = Field(description="chain time, seconds")


class Account(BaseModel):
    """One account's stake and where it came from."""

    holder: Holder
    claims: list[StakeClaim]
