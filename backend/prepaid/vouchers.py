"""Vouchers: what a buyer signs over a prepaid balance, and the orders that a voucher pays for. Pure.

A voucher is cumulative: "of my balance you may keep `spent_to` in all; the part above `spent_from` is for
these orders". Only the newest one needs to be settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address

from backend.generations.orders import Order, digest_of_typed_data, order_typed_data, signer_of, typed_data
from backend.prepaid.errors import VoucherRefused
from backend.training.merkle import HashTree

DOMAIN = "MeltingPot PrepaidSales"
SCHEMA = "meltingpot/voucher@1"
FIELDS = (
    ("buyer", "address"),
    ("from", "uint128"),
    ("to", "uint128"),
    ("rulesVersion", "uint32"),
    ("ordersRoot", "bytes32"),
    ("deadline", "uint64"),
)


@dataclass(frozen=True)
class Voucher:
    """`PrepaidSales.Voucher`. Amounts in the smallest unit, the deadline in chain seconds."""

    buyer: str
    spent_from: int
    spent_to: int
    rules_version: int
    orders_root: str
    deadline: int

    def to_json(self) -> dict[str, Any]:
        """Names as on the chain; amounts as strings."""
        return {
            "buyer": self.buyer,
            "from": str(self.spent_from),
            "to": str(self.spent_to),
            "rulesVersion": self.rules_version,
            "ordersRoot": self.orders_root,
            "deadline": self.deadline,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Voucher:
        """The reverse of `to_json`. Raises KeyError or ValueError for a malformed one."""
        return cls(
            to_checksum_address(value["buyer"]),
            int(value["from"]),
            int(value["to"]),
            int(value["rulesVersion"]),
            value["ordersRoot"].lower(),
            int(value["deadline"]),
        )


@dataclass(frozen=True)
class SignedVoucher:
    """A voucher with its orders and the buyer's signature (65 bytes as 0x hex)."""

    voucher: Voucher
    orders: tuple[Order, ...]
    signature: str

    def to_chain(self) -> tuple[Any, ...]:
        """`PrepaidSales.Charge`, as `settle` takes it."""
        v = self.voucher
        root, signature = bytes.fromhex(v.orders_root[2:]), bytes.fromhex(self.signature[2:])
        return v.buyer, v.spent_from, v.spent_to, root, v.deadline, signature

    def to_json(self) -> dict[str, Any]:
        """As it travels from the buyer to the operator."""
        return {
            "schema": SCHEMA,
            "voucher": self.voucher.to_json(),
            "orders": [order.to_json() for order in self.orders],
            "signature": self.signature,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SignedVoucher:
        """The reverse of `to_json`. Raises VoucherRefused for anything else."""
        try:
            orders = tuple(Order.from_json(order) for order in value["orders"])
            return cls(Voucher.from_json(value["voucher"]), orders, value["signature"].lower())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VoucherRefused(f"This is no voucher: {type(error).__name__}: {error}.") from error


def order_id_of(order: Order, chain_id: int, prepaid: str) -> str:
    """The id of a prepaid order: its EIP-712 digest in the domain of PrepaidSales, so that it is never taken
    for one of the market."""
    return digest_of_typed_data(order_typed_data(order, chain_id, prepaid, DOMAIN))


def orders_root(order_ids: Sequence[str]) -> str:
    """Merkle root of a voucher's orders. Raises ValueError without any."""
    return "0x" + HashTree([keccak(keccak(bytes.fromhex(each[2:]))) for each in order_ids]).root.hex()


def voucher_typed_data(voucher: Voucher, chain_id: int, prepaid: str) -> dict[str, Any]:
    """The EIP-712 message that the buyer signs."""
    domain = {"name": DOMAIN, "version": "1", "chainId": chain_id, "verifyingContract": prepaid}
    root = bytes.fromhex(voucher.orders_root[2:])
    values = (
        voucher.buyer,
        voucher.spent_from,
        voucher.spent_to,
        voucher.rules_version,
        root,
        voucher.deadline,
    )
    return typed_data(domain, "Voucher", FIELDS, dict(zip((name for name, _ in FIELDS), values, strict=True)))


def voucher_digest(voucher: Voucher, chain_id: int, prepaid: str) -> str:
    """Equal to `PrepaidSales.voucherDigest`."""
    return digest_of_typed_data(voucher_typed_data(voucher, chain_id, prepaid))


def sign(
    account: LocalAccount, voucher: Voucher, orders: Sequence[Order], chain_id: int, prepaid: str
) -> SignedVoucher:
    """The buyer's signature over a voucher."""
    message = encode_typed_data(full_message=voucher_typed_data(voucher, chain_id, prepaid))
    return SignedVoucher(voucher, tuple(orders), "0x" + bytes(account.sign_message(message).signature).hex())


def check(signed: SignedVoucher, unit_price: int, chain_id: int, prepaid: str) -> None:
    """Raises VoucherRefused unless the orders are those that the voucher pays for, at this price, and an
    ordinary wallet signed it. (A contract wallet's signature is for the contract to check.)"""
    voucher = signed.voucher
    ids = [order_id_of(order, chain_id, prepaid) for order in signed.orders]
    if not ids or orders_root(ids) != voucher.orders_root:
        raise VoucherRefused("The orders beside the voucher are not those that it was signed for.")
    if any((o.buyer, o.rules_version) != (voucher.buyer, voucher.rules_version) for o in signed.orders):
        raise VoucherRefused("An order beside the voucher is of another buyer or under other rules.")
    due = sum(order.quantity for order in signed.orders) * unit_price
    if voucher.spent_to - voucher.spent_from != due:
        paid = voucher.spent_to - voucher.spent_from
        raise VoucherRefused(f"The voucher pays {paid} for its orders, their price is {due}.")
    if any(order.max_price < order.quantity * unit_price for order in signed.orders):
        raise VoucherRefused("The price of an order is above the most that its buyer signed.")
    try:
        signer = signer_of(
            voucher_typed_data(voucher, chain_id, prepaid), bytes.fromhex(signed.signature[2:])
        )
    except Exception as error:  # eth_keys raises its own tree for values that are no signature
        raise VoucherRefused("The signature is no signature over this voucher.") from error
    if signer != voucher.buyer:
        raise VoucherRefused(f"The voucher was signed by {signer}, the buyer is {voucher.buyer}.")
