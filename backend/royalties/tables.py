"""Where the money of each sale went, and who took theirs."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp, Uint256


class Credit(Base):
    """What one sale credited to one attributed artist. One order may credit an artist in more than one
    line."""

    __tablename__ = "credits"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Bytes32, index=True)
    artist: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)


class SaleSplit(Base):
    """The parts of one delivery's price, keyed by its event; they sum to the price. An order delivered at
    once has one."""

    __tablename__ = "sale_splits"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Bytes32, index=True)
    attributed: Mapped[int] = mapped_column(Uint256)
    holders: Mapped[int] = mapped_column(Uint256)
    learning: Mapped[int] = mapped_column(Uint256)
    platform: Mapped[int] = mapped_column(Uint256)
    network: Mapped[int] = mapped_column(Uint256)


class Tip(Base):
    """What somebody gave one artist of an order; nothing of it is divided."""

    __tablename__ = "tips"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Bytes32, index=True)
    artist: Mapped[str] = mapped_column(Address, index=True)
    tipper: Mapped[str] = mapped_column(Address)
    amount: Mapped[int] = mapped_column(Uint256)


class Contribution(Base):
    """Money that came in for holders and funds otherwise than by a delivery: prepaid sales, royalties,
    gifts."""

    __tablename__ = "contributions"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    contributor: Mapped[str] = mapped_column(Address)
    holders: Mapped[int] = mapped_column(Uint256)
    learning: Mapped[int] = mapped_column(Uint256)
    platform: Mapped[int] = mapped_column(Uint256)
    network: Mapped[int] = mapped_column(Uint256)


class Claim(Base):
    """One payment of what an account was owed, to its payee: `source` is market (credits, tips and shares),
    pool (the holders' revenue) or prepaid (credits of prepaid sales)."""

    __tablename__ = "claims"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(8))
    account: Mapped[str] = mapped_column(Address, index=True)
    payee: Mapped[str] = mapped_column(Address)
    amount: Mapped[int] = mapped_column(Uint256)
    claimed_at: Mapped[int] = mapped_column(Timestamp)
    tx_hash: Mapped[str] = mapped_column(Bytes32)


class Refund(Base):
    """Money that went back to a buyer: the price of what was not delivered."""

    __tablename__ = "refunds"
    __table_args__ = ({"info": CHAIN_OWNED},)

    order_id: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)
    block_number: Mapped[int] = mapped_column(BigInteger)


class DeferredRefund(Base):
    """A refund that the token refused to transfer: it is owed."""

    __tablename__ = "deferred_refunds"
    __table_args__ = ({"info": CHAIN_OWNED},)

    order_id: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)
    block_number: Mapped[int] = mapped_column(BigInteger)


class RefundClaim(Base):
    """A refund that the token had refused to transfer, taken later by the buyer."""

    __tablename__ = "refund_claims"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    amount: Mapped[int] = mapped_column(Uint256)


class RevenueDeposit(Base):
    """One deposit of the holders' part into the revenue pool."""

    __tablename__ = "revenue_deposits"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(Uint256)
    deposited_at: Mapped[int] = mapped_column(Timestamp)


class Payees(Base):
    """Who takes the platform, network and learning shares; the last row is in force."""

    __tablename__ = "payees"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    platform: Mapped[str] = mapped_column(Address)
    network: Mapped[str] = mapped_column(Address)
    learning: Mapped[str] = mapped_column(Address)


class ArtistPayee(Base):
    """Who is paid what sales owe to an artist who ever named somebody; the artist when nobody is named now."""

    __tablename__ = "artist_payees"
    __table_args__ = ({"info": CHAIN_OWNED},)

    artist: Mapped[str] = mapped_column(Address, primary_key=True)
    payee: Mapped[str] = mapped_column(Address)
