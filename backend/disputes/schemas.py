"""Bodies of the API's calls on disputes; amounts are strings in the settlement token's smallest unit."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from backend.generations.schemas import UintText
from backend.works.schemas import AddressText, Bytes32Text, CidText

Kind = Literal["authorship", "revocation"]
State = Literal["open", "answered", "decided", "appealed", "final", "executed", "mooted", "lapsed"]


class DisputeView(BaseModel):
    """A dispute about one work."""

    dispute_id: int
    content_hash: Bytes32Text = Field(description="the work")
    kind: Kind = Field(description="what the claimant says: the work is theirs, or nobody may use it")
    claimant: AddressText
    respondent: AddressText = Field(description="the work's artist when the dispute was opened")
    state: State
    upheld: bool | None = Field(description="the newest ruling: for the claimant; null before any")
    evidence_cid: CidText
    answer_cid: CidText | None
    appeal_cid: CidText | None
    until: int | None = Field(description="chain time: last second of what the state waits for")
    claimant_bond: UintText = Field(description="put up so far")
    respondent_bond: UintText = Field(description="put up so far")
    opened_at: int = Field(description="chain time, seconds")
    block_number: int


class DisputePage(BaseModel):
    """One page of disputes, the newest first."""

    disputes: list[DisputeView]
    next_cursor: str | None = Field(description="null on the last page")
