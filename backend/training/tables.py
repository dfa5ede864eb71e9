"""Training rounds, challenges and the bonds behind them."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp, Uint256


class Round(Base):
    """One proposed training round; `state` is proposed, challenged, finalised or rejected.

    Challenged: proposed, with at least one open challenge.
    """

    __tablename__ = "rounds"
    __table_args__ = ({"info": CHAIN_OWNED},)

    round_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    proposer: Mapped[str] = mapped_column(Address)
    rules_version: Mapped[int] = mapped_column(BigInteger)
    model_digest: Mapped[str] = mapped_column(Bytes32, index=True)
    dataset_root: Mapped[str] = mapped_column(Bytes32)
    report_digest: Mapped[str] = mapped_column(Bytes32)
    allocations_root: Mapped[str] = mapped_column(Bytes32)
    learning_root: Mapped[str] = mapped_column(Bytes32)  # zero when the report names no learning contributor
    settings_hash: Mapped[str] = mapped_column(Bytes32)
    seed: Mapped[int] = mapped_column(Uint256)
    bond: Mapped[int] = mapped_column(Uint256)
    challenge_ends_at: Mapped[int] = mapped_column(Timestamp)
    state: Mapped[str] = mapped_column(String(16), index=True)
    open_challenges: Mapped[int] = mapped_column(Integer)
    mint_budget: Mapped[int | None] = mapped_column(Uint256)  # stake token, known from finalisation on
    proposed_at: Mapped[int] = mapped_column(Timestamp)
    finalised_at: Mapped[int | None] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)


class Challenge(Base):
    """One bonded challenge of one leaf (account, amount); `state` is open, upheld, refused, lapsed or closed.

    Closed: its round was rejected for another challenge while it was open.
    """

    __tablename__ = "challenges"
    __table_args__ = ({"info": CHAIN_OWNED},)

    round_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    challenge_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    challenger: Mapped[str] = mapped_column(Address)
    account: Mapped[str] = mapped_column(Address)
    amount: Mapped[int] = mapped_column(Uint256)
    evidence_digest: Mapped[str] = mapped_column(Bytes32)
    bond: Mapped[int] = mapped_column(Uint256)
    answer_by: Mapped[int] = mapped_column(Timestamp)
    state: Mapped[str] = mapped_column(String(16))
    filed_at: Mapped[int] = mapped_column(Timestamp)
    ended_at: Mapped[int | None] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)


class BondClaim(Base):
    """One payment of owed bonds: `source` is rounds or disputes."""

    __tablename__ = "bond_claims"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)
