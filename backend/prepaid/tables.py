"""Prepaid balances, what was charged to them, settlements and the artists' credits of each week."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp, Uint256


class PrepaidBalance(Base):
    """What a buyer has prepaid and not spent, and what was spent since the beginning."""

    __tablename__ = "prepaid_balances"
    __table_args__ = ({"info": CHAIN_OWNED},)

    buyer: Mapped[str] = mapped_column(Address, primary_key=True)
    amount: Mapped[int] = mapped_column(Uint256)
    spent: Mapped[int] = mapped_column(Uint256)
    announced: Mapped[int] = mapped_column(Uint256)  # of a withdrawal
    available_from: Mapped[int] = mapped_column(Timestamp)  # of the withdrawal; 0: none announced


class PrepaidDeposit(Base):
    """Money that came into a buyer's balance."""

    __tablename__ = "prepaid_deposits"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    payer: Mapped[str] = mapped_column(Address)
    amount: Mapped[int] = mapped_column(Uint256)


class Withdrawal(Base):
    """Money that a buyer took back from the balance."""

    __tablename__ = "prepaid_withdrawals"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)


class Charge(Base):
    """One voucher's part of a settlement."""

    __tablename__ = "prepaid_charges"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)
    spent: Mapped[int] = mapped_column(Uint256)  # by the buyer's vouchers, this one included
    orders_root: Mapped[str] = mapped_column(Bytes32)
    tx_hash: Mapped[str] = mapped_column(Bytes32, index=True)  # its settlement's


class Settlement(Base):
    """Many buyers' sales, settled together."""

    __tablename__ = "settlements"
    __table_args__ = ({"info": CHAIN_OWNED},)

    settlement_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    period: Mapped[int] = mapped_column(BigInteger, index=True)
    sales: Mapped[int] = mapped_column(Uint256)  # generations
    price: Mapped[int] = mapped_column(Uint256)  # of all of them
    rules_version: Mapped[int] = mapped_column(BigInteger)
    receipts_root: Mapped[str] = mapped_column(Bytes32)
    receipts_digest: Mapped[str] = mapped_column(Bytes32)
    attributed: Mapped[int] = mapped_column(Uint256)
    artists_root: Mapped[str] = mapped_column(Bytes32)
    artists_digest: Mapped[str] = mapped_column(Bytes32)
    settled_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)
    tx_hash: Mapped[str] = mapped_column(Bytes32)


class CreditPeriod(Base):
    """A week's credits to artists; root and file are those of its latest settlement."""

    __tablename__ = "credit_periods"
    __table_args__ = ({"info": CHAIN_OWNED},)

    period: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    artists_root: Mapped[str] = mapped_column(Bytes32)
    artists_digest: Mapped[str] = mapped_column(Bytes32)
    attributed: Mapped[int] = mapped_column(Uint256)
    claimed: Mapped[int] = mapped_column(Uint256)
