"""The maths and the files of bulk settlement: receipts of prepaid sales, and the artists' credits of a week.
Pure: the operator makes roots with it, strangers check them.

Receipt: keccak(keccak(abi.encode(order id, price, output hash, output digest, attribution digest, credits))).
Artist: keccak(keccak(abi.encode(period, artist, amount))), the amount being all credits of the period so far.
Trees are OpenZeppelin's StandardMerkleTree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from backend.generations.orders import Order
from backend.prepaid.vouchers import SignedVoucher, order_id_of
from backend.storage.cid import cid_of_digest, digest_of
from backend.training.merkle import HashTree, Leaf, StandardTree

RECEIPTS_SCHEMA = "meltingpot/receipts@1"
ARTISTS_SCHEMA = "meltingpot/artists@1"
LEAF_TYPES = ("bytes32", "uint256", "bytes32", "bytes32", "bytes32", "(address,uint256)[]")


@dataclass(frozen=True)
class Receipt:
    """One prepaid sale: the order, what was delivered for it and the artists' part of its price."""

    order: Order
    order_id: str
    price: int
    output_hash: str
    output_digest: str
    attribution_digest: str
    credits: tuple[tuple[str, int], ...]

    @property
    def leaf(self) -> bytes:
        """32 bytes of the receipts' tree."""
        digests = (self.output_hash, self.output_digest, self.attribution_digest)
        values = (
            bytes.fromhex(self.order_id[2:]),
            self.price,
            *(bytes.fromhex(digest[2:]) for digest in digests),
            list(self.credits),
        )
        return keccak(keccak(encode(LEAF_TYPES, values)))

    def to_json(self) -> dict[str, Any]:
        """As in the receipts' file."""
        return {
            "order": self.order.to_json(),
            "order_id": self.order_id,
            "price": str(self.price),
            "output_hash": self.output_hash,
            "output_cid": cid_of_digest(self.output_digest),
            "attribution_cid": cid_of_digest(self.attribution_digest),
            "credits": [{"artist": artist, "amount": str(amount)} for artist, amount in self.credits],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Receipt:
        """The reverse of `to_json`. Raises KeyError or ValueError for a malformed one."""
        return cls(
            Order.from_json(value["order"]),
            value["order_id"].lower(),
            int(value["price"]),
            value["output_hash"].lower(),
            digest_of(value["output_cid"]),
            digest_of(value["attribution_cid"]),
            tuple((to_checksum_address(each["artist"]), int(each["amount"])) for each in value["credits"]),
        )


def receipts_root(receipts: Sequence[Receipt]) -> str:
    """Merkle root of a settlement's receipts. Raises ValueError without any."""
    return "0x" + HashTree([receipt.leaf for receipt in receipts]).root.hex()


def attributed_of(receipts: Iterable[Receipt]) -> int:
    """The artists' part of all sales together."""
    return sum(amount for receipt in receipts for _, amount in receipt.credits)


def with_receipts(before: Mapping[str, int], receipts: Iterable[Receipt]) -> dict[str, int]:
    """Artist → credits in a period, after these sales."""
    sums = Counter(before)
    for receipt in receipts:
        for artist, amount in receipt.credits:
            sums[artist] += amount
    return dict(sums)


def artists_tree(period: int, credits: Mapping[str, int]) -> StandardTree:
    """The tree of a period's credits, leaves by address. Raises ValueError without any."""
    return StandardTree(period, [Leaf(artist, credits[artist]) for artist in sorted(credits, key=str.lower)])


def artists_root(period: int, credits: Mapping[str, int]) -> str:
    """Merkle root of a period's credits."""
    return "0x" + artists_tree(period, credits).root.hex()


# ---- the two files of a settlement -------------------------------------------------------------------------


def receipts_document(
    chain_id: int, prepaid: str, vouchers: Sequence[SignedVoucher], receipts: Sequence[Receipt]
) -> dict[str, Any]:
    """All sales of a settlement, and which orders each voucher in it was signed for."""
    charges = [
        {
            "buyer": signed.voucher.buyer,
            "order_ids": [order_id_of(order, chain_id, prepaid) for order in signed.orders],
        }
        for signed in vouchers
    ]
    return {
        "schema": RECEIPTS_SCHEMA,
        "chain_id": chain_id,
        "prepaid": prepaid,
        "charges": charges,
        "receipts": [receipt.to_json() for receipt in receipts],
        "root": receipts_root(receipts),
    }


def receipts_of(document: Mapping[str, Any]) -> list[Receipt]:
    """The receipts of such a file, in its order."""
    return [Receipt.from_json(each) for each in document["receipts"]]


def artists_document(chain_id: int, prepaid: str, period: int, credits: Mapping[str, int]) -> dict[str, Any]:
    """All credits of a period so far."""
    return {
        "schema": ARTISTS_SCHEMA,
        "chain_id": chain_id,
        "prepaid": prepaid,
        "period": period,
        "credits": [
            {"artist": artist, "amount": str(credits[artist])} for artist in sorted(credits, key=str.lower)
        ],
        "root": artists_root(period, credits),
    }


def credits_of(document: Mapping[str, Any]) -> dict[str, int]:
    """Artist → amount of such a file. Raises ValueError for an artist named twice."""
    found = {to_checksum_address(each["artist"]): int(each["amount"]) for each in document["credits"]}
    if len(found) != len(document["credits"]):
        raise ValueError("an artist stands twice among a period's credits")
    return found
