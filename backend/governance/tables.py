"""Versions of the compensation rules, proposals, votes and adopted resolutions."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp, Uint256


class RulesVersion(Base):
    """One version of the rules. `rules` holds all fields by their contract names, integers as strings."""

    __tablename__ = "rules_versions"
    __table_args__ = ({"info": CHAIN_OWNED},)

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    effective_from: Mapped[int] = mapped_column(Timestamp)
    artists_bps: Mapped[int] = mapped_column(Integer)
    holders_bps: Mapped[int] = mapped_column(Integer)
    platform_bps: Mapped[int] = mapped_column(Integer)
    network_bps: Mapped[int] = mapped_column(Integer)
    learning_bps: Mapped[int] = mapped_column(Integer)
    learning_mint_bps: Mapped[int] = mapped_column(Integer)
    max_credits: Mapped[int] = mapped_column(Integer)
    challenge_window: Mapped[int] = mapped_column(BigInteger)  # seconds
    stream_period: Mapped[int] = mapped_column(BigInteger)  # seconds
    max_order_window: Mapped[int] = mapped_column(BigInteger)  # seconds
    mint_interval: Mapped[int] = mapped_column(BigInteger)  # seconds
    price_per_generation: Mapped[int] = mapped_column(Uint256)  # settlement token
    proposal_bond: Mapped[int] = mapped_column(Uint256)  # settlement token
    challenge_bond: Mapped[int] = mapped_column(Uint256)  # settlement token
    mint_per_round: Mapped[int] = mapped_column(Uint256)  # stake token
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    block_number: Mapped[int] = mapped_column(BigInteger)


class Proposal(Base):
    """One proposal to the governor. `state` is what events say: proposed, queued, executed or canceled.

    Whether voting is open, passed or failed depends on the clock and is asked from the contract.
    """

    __tablename__ = "proposals"
    __table_args__ = ({"info": CHAIN_OWNED},)

    proposal_id: Mapped[int] = mapped_column(Uint256, primary_key=True)
    proposer: Mapped[str] = mapped_column(Address, index=True)
    targets: Mapped[list[str]] = mapped_column(JSON)
    values: Mapped[list[str]] = mapped_column(JSON)  # integers as strings, native coin
    calldatas: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    vote_start: Mapped[int] = mapped_column(Timestamp)
    vote_end: Mapped[int] = mapped_column(Timestamp)
    state: Mapped[str] = mapped_column(String(16), index=True)
    eta: Mapped[int | None] = mapped_column(Timestamp)  # earliest execution, once queued
    votes_for: Mapped[int] = mapped_column(Uint256)
    votes_against: Mapped[int] = mapped_column(Uint256)
    votes_abstain: Mapped[int] = mapped_column(Uint256)
    proposed_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)


class Vote(Base):
    """One vote: `support` is 0 against, 1 for, 2 abstain; `weight` in stake tokens."""

    __tablename__ = "votes"
    __table_args__ = ({"info": CHAIN_OWNED},)

    proposal_id: Mapped[int] = mapped_column(Uint256, primary_key=True)
    voter: Mapped[str] = mapped_column(Address, primary_key=True)
    support: Mapped[int] = mapped_column(Integer)
    weight: Mapped[int] = mapped_column(Uint256)
    reason: Mapped[str] = mapped_column(Text)
    block_number: Mapped[int] = mapped_column(BigInteger)


class Resolution(Base):
    """One adopted text resolution."""

    __tablename__ = "resolutions"
    __table_args__ = (Index("ix_resolutions_proposal", "proposal_id"), {"info": CHAIN_OWNED})

    resolution_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    text_digest: Mapped[str] = mapped_column(Bytes32)
    proposal_id: Mapped[int] = mapped_column(Uint256)
    adopted_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)
