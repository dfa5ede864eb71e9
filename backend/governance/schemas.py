"""Bodies of the API's governance calls; votes and ids are decimal strings."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.generations.schemas import AddressText, SignatureText, UintText


class RulesBody(BaseModel):
    """One version of the compensation rules; names as on the chain, money as strings."""

    version: int
    effective_from: int = Field(description="chain time, seconds")
    in_force: bool
    rules: dict[str, int | UintText] = Field(examples=[{"artistsBps": 4000, "pricePerGeneration": "1000000"}])


class RulesList(BaseModel):
    """Every version, the newest first."""

    current: int
    versions: list[RulesBody]


class ProposalBody(BaseModel):
    """A proposal and where it stands now."""

    proposal_id: UintText
    proposer: AddressText
    description: str
    state: Literal["pending", "open", "cancelled", "defeated", "passed", "queued", "expired", "executed"]
    words: str
    vote_start: int
    vote_end: int
    eta: int | None
    votes_for: UintText
    votes_against: UintText
    votes_abstain: UintText
    quorum: UintText | None


class ProposalPage(BaseModel):
    """Proposals, the newest first."""

    proposals: list[ProposalBody]
    next_cursor: str | None = Field(description="give it as `cursor` to get the next page; null at the end")


class Ballot(BaseModel):
    """The EIP-712 typed data that a voter signs."""

    weight: UintText = Field(description="votes of this voter in this proposal")
    sign: dict[str, Any]


class VoteRequest(BaseModel):
    """A signed ballot for the relayer to send."""

    model_config = ConfigDict(extra="forbid")
    proposal_id: UintText
    voter: AddressText
    support: Literal["against", "for", "abstain"]
    signature: SignatureText


class VoteCast(BaseModel):
    """The vote is on the chain."""

    proposal_id: UintText
    voter: AddressText
    weight: UintText


class ResolutionBody(BaseModel):
    """An adopted text resolution."""

    resolution_id: int
    text_cid: str
    adopted_at: int
