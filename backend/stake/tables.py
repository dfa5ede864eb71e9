"""Stake: what was minted by claims, who holds it now, who votes with it."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Timestamp, Uint256


class StakeClaim(Base):
    """One account's claim of one part (artists or learning) of a round: `amount` stake was minted to it."""

    __tablename__ = "stake_claims"
    __table_args__ = ({"info": CHAIN_OWNED},)

    round_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(8), primary_key=True)
    account: Mapped[str] = mapped_column(Address, primary_key=True)
    amount: Mapped[int] = mapped_column(Uint256)
    block_number: Mapped[int] = mapped_column(BigInteger)
    claimed_at: Mapped[int] = mapped_column(Timestamp)


class StakeBalance(Base):
    """The balance of everybody who ever held stake; may be 0 now."""

    __tablename__ = "stake_balances"
    __table_args__ = ({"info": CHAIN_OWNED},)

    account: Mapped[str] = mapped_column(Address, primary_key=True)
    balance: Mapped[int] = mapped_column(Uint256)


class Delegation(Base):
    """Whom an account has its votes cast by; a first-time holder is its own delegate."""

    __tablename__ = "delegations"
    __table_args__ = ({"info": CHAIN_OWNED},)

    account: Mapped[str] = mapped_column(Address, primary_key=True)
    delegate: Mapped[str] = mapped_column(Address, index=True)


class DelegateVotes(Base):
    """The votes that a delegate holds now, its own and those of others."""

    __tablename__ = "delegate_votes"
    __table_args__ = ({"info": CHAIN_OWNED},)

    delegate: Mapped[str] = mapped_column(Address, primary_key=True)
    votes: Mapped[int] = mapped_column(Uint256)
