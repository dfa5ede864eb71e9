"""Orders as the market knows them, the prompts behind their hashes, and the worker's jobs."""

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp, Uint256


class Order(Base):
    """One paid order; `state` is requested, fulfilled or refunded. A refunded one may have been delivered in
    part: `delivered` counts its generations, and the digests are those of the latest delivery."""

    __tablename__ = "orders"
    __table_args__ = ({"info": CHAIN_OWNED},)

    order_id: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    buyer: Mapped[str] = mapped_column(Address, index=True)
    price: Mapped[int] = mapped_column(Uint256)
    max_price: Mapped[int] = mapped_column(Uint256)
    quantity: Mapped[int] = mapped_column(BigInteger)
    prompt_hash: Mapped[str] = mapped_column(Bytes32, index=True)
    model_digest: Mapped[str] = mapped_column(Bytes32)
    rules_version: Mapped[int] = mapped_column(BigInteger)
    deadline: Mapped[int] = mapped_column(Timestamp)
    salt: Mapped[int] = mapped_column(Uint256)
    state: Mapped[str] = mapped_column(String(16), index=True)
    requested_at: Mapped[int] = mapped_column(Timestamp)
    fulfilled_at: Mapped[int | None] = mapped_column(Timestamp)
    refunded_at: Mapped[int | None] = mapped_column(Timestamp)
    delivered: Mapped[int] = mapped_column(BigInteger, default=0)  # generations
    output_hash: Mapped[str | None] = mapped_column(Bytes32)
    output_digest: Mapped[str | None] = mapped_column(Bytes32)
    attribution_digest: Mapped[str | None] = mapped_column(Bytes32)
    block_number: Mapped[int] = mapped_column(BigInteger, index=True)  # of the request
    tx_hash: Mapped[str] = mapped_column(Bytes32)  # of the request
    fulfilled_tx_hash: Mapped[str | None] = mapped_column(Bytes32)


class Delivery(Base):
    """One delivery: a file with some or all of an order's generations; its money is the sale split with the
    same key."""

    __tablename__ = "deliveries"
    __table_args__ = ({"info": CHAIN_OWNED},)

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Bytes32, index=True)
    quantity: Mapped[int] = mapped_column(BigInteger)  # generations in the file
    output_hash: Mapped[str] = mapped_column(Bytes32)
    output_digest: Mapped[str] = mapped_column(Bytes32)
    attribution_digest: Mapped[str] = mapped_column(Bytes32)
    delivered_at: Mapped[int] = mapped_column(Timestamp)
    tx_hash: Mapped[str] = mapped_column(Bytes32)


class Token(Base):
    """The ERC-721 token of one delivery, minted by the order's buyer."""

    __tablename__ = "tokens"
    __table_args__ = ({"info": CHAIN_OWNED},)

    token_id: Mapped[int] = mapped_column(Uint256, primary_key=True)
    order_id: Mapped[str] = mapped_column(Bytes32, index=True)
    index: Mapped[int] = mapped_column(BigInteger)  # of the delivery, from 0
    owner: Mapped[str] = mapped_column(Address, index=True)
    minted_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)


class Prompt(Base):
    """The words behind a prompt hash, told by the buyer; not the chain's."""

    __tablename__ = "prompts"

    prompt_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    prompt: Mapped[str] = mapped_column(Text)


class Job(Base):
    """The worker's state of an order. Not the chain's: the queue itself is `orders` in state requested.

    `state` is queued, running, done, failed or expired; `lease_until` is wall-clock time (seconds since
    1970), for two workers share a clock but a development chain's time jumps.
    """

    __tablename__ = "jobs"

    order_id: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_until: Mapped[int | None] = mapped_column(Timestamp)
    error: Mapped[str | None] = mapped_column(Text)
    step: Mapped[str | None] = mapped_column(String(64))
    progress: Mapped[int] = mapped_column(Integer, default=0)  # per cent of the step
    updated_at: Mapped[int | None] = mapped_column(Timestamp)  # wall clock
