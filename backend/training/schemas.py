"""Answers of the API's calls on rounds. Amounts are decimal strings in the smallest unit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

DIGEST = "0x" + "5f" * 32
Bytes32Text = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$", examples=[DIGEST])]
AddressText = Annotated[
    str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"])
]
UintText = Annotated[str, Field(pattern=r"^[0-9]{1,78}$", examples=["95000000000000000000000"])]


PartText = Literal["artists", "learning"]


class Round(BaseModel):
    """A training round."""

    round_id: int
    state: Literal["proposed", "challenged", "finalised", "rejected"]
    proposer: AddressText
    rules_version: int
    model_cid: str
    report_cid: str
    dataset_root: Bytes32Text
    allocations_root: Bytes32Text
    learning_root: Bytes32Text = Field(description="zeros when nobody is named as a learning contributor")
    settings_hash: Bytes32Text
    seed: UintText
    challenge_ends_at: int = Field(description="chain time, seconds")
    proposed_at: int
    finalised_at: int | None
    open_challenges: int = Field(description="while there is one, the round cannot be finalised")
    mint_budget: UintText | None = Field(
        description="most that the round may mint; known from finalisation on"
    )


class RoundPage(BaseModel):
    """One page of rounds, the newest first."""

    rounds: list[Round]
    next_cursor: int | None = Field(description="null on the last page")


class Claim(BaseModel):
    """What a wallet sends to TrainingRounds.claim to take its stake by itself."""

    round_id: int
    part: PartText
    account: AddressText
    amount: UintText
    proof: list[Bytes32Text]


class Challenge(BaseModel):
    """A bonded challenge of one leaf of a round."""

    round_id: int
    challenge_id: int
    state: Literal["open", "upheld", "refused", "lapsed", "closed"]
    challenger: AddressText
    account: AddressText = Field(description="whose leaf is disputed")
    amount: UintText
    evidence_cid: str
    bond: UintText = Field(description="settlement token, smallest unit")
    answer_by: int = Field(description="chain time, seconds: last moment for a decision")
    filed_at: int
    ended_at: int | None


class ChallengeList(BaseModel):
    """The challenges of a round in the order of their filing."""

    challenges: list[Challenge]


class RoundReport(BaseModel):
    """The published report behind a round."""

    round: Round
    report: dict[str, Any]
