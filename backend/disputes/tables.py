"""Disputes about works, as their contract's events tell them."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp, Uint256


class Dispute(Base):
    """One dispute. `kind` is authorship or revocation; `state` is open, answered, decided, appealed, final,
    executed, mooted or lapsed; `upheld` is the newest ruling, None before any."""

    __tablename__ = "disputes"
    __table_args__ = ({"info": CHAIN_OWNED},)

    dispute_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    content_hash: Mapped[str] = mapped_column(Bytes32, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    claimant: Mapped[str] = mapped_column(Address, index=True)
    respondent: Mapped[str] = mapped_column(Address, index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    upheld: Mapped[bool | None]
    evidence_digest: Mapped[str] = mapped_column(Bytes32)
    answer_digest: Mapped[str | None] = mapped_column(Bytes32)
    appeal_digest: Mapped[str | None] = mapped_column(Bytes32)
    # Last second of what the state waits for: answer, decision, appeal, the appeal's decision; 0: nothing.
    until: Mapped[int] = mapped_column(Timestamp)
    claimant_bond: Mapped[int] = mapped_column(Uint256)  # put up so far, an appeal's included
    respondent_bond: Mapped[int] = mapped_column(Uint256)
    opened_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)
