"""An order as a value, its id, and what a buyer signs: EIP-712 messages of the market and the token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

ORDER_FIELDS = (
    ("buyer", "address"),
    ("maxPrice", "uint256"),
    ("quantity", "uint32"),
    ("promptHash", "bytes32"),
    ("modelDigest", "bytes32"),
    ("rulesVersion", "uint32"),
    ("deadline", "uint64"),
    ("salt", "uint256"),
)


@dataclass(frozen=True)
class Order:
    """`GenerationMarket.Order`. Prices in the smallest unit, deadline in chain seconds, digests as 0x hex."""

    buyer: str
    max_price: int
    quantity: int
    prompt_hash: str
    model_digest: str
    rules_version: int
    deadline: int
    salt: int

    def to_chain(self) -> tuple[Any, ...]:
        """The tuple that the contract's functions take."""
        return (
            self.buyer,
            self.max_price,
            self.quantity,
            bytes.fromhex(self.prompt_hash[2:]),
            bytes.fromhex(self.model_digest[2:]),
            self.rules_version,
            self.deadline,
            self.salt,
        )

    def to_json(self) -> dict[str, Any]:
        """Names as on the chain; 256-bit numbers as strings."""
        return {
            "buyer": self.buyer,
            "maxPrice": str(self.max_price),
            "quantity": self.quantity,
            "promptHash": self.prompt_hash,
            "modelDigest": self.model_digest,
            "rulesVersion": self.rules_version,
            "deadline": self.deadline,
            "salt": str(self.salt),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Order:
        """The reverse of `to_json`. Raises KeyError or ValueError for a malformed order."""
        return cls(
            to_checksum_address(value["buyer"]),
            int(value["maxPrice"]),
            int(value["quantity"]),
            value["promptHash"].lower(),
            value["modelDigest"].lower(),
            int(value["rulesVersion"]),
            int(value["deadline"]),
            int(value["salt"]),
        )

    @classmethod
    def from_row(cls, row: Any) -> Order:
        """From a row of table `orders`."""
        return cls(
            to_checksum_address(row.buyer),
            int(row.max_price),
            int(row.quantity),
            row.prompt_hash,
            row.model_digest,
            int(row.rules_version),
            int(row.deadline),
            int(row.salt),
        )


def prompt_hash_of(prompt: str) -> str:
    """keccak256 of the prompt's UTF-8 bytes, as the order carries it."""
    return "0x" + keccak(prompt.encode("utf-8")).hex()


def order_typed_data(
    order: Order, chain_id: int, market: str, name: str = "MeltingPot GenerationMarket"
) -> dict[str, Any]:
    """The EIP-712 message whose digest is the order's id. `name` is the EIP-712 domain of the contract
    `market`."""
    return typed_data(
        {
            "name": name,
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": market,
        },
        "Order",
        ORDER_FIELDS,
        dict(zip((name for name, _ in ORDER_FIELDS), order.to_chain(), strict=True)),
    )


def order_id_of(order: Order, chain_id: int, market: str) -> str:
    """Equal to `market.orderId(order)`, computed here so that nobody need trust the node that answers."""
    return digest_of_typed_data(order_typed_data(order, chain_id, market))


def permit_typed_data(
    token: Mapping[str, Any], owner: str, spender: str, value: int, nonce: int, deadline: int
) -> dict[str, Any]:
    """EIP-2612 `Permit`; `token` is the token's EIP-712 domain."""
    types = (
        ("owner", "address"),
        ("spender", "address"),
        ("value", "uint256"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
    )
    return typed_data(
        token,
        "Permit",
        types,
        {"owner": owner, "spender": spender, "value": value, "nonce": nonce, "deadline": deadline},
    )


def authorization_typed_data(
    token: Mapping[str, Any],
    payer: str,
    payee: str,
    value: int,
    valid_after: int,
    valid_before: int,
    order_id: str,
) -> dict[str, Any]:
    """ERC-3009 `ReceiveWithAuthorization` whose nonce is the order's id: one signature binds the money to the
    job.
    """
    types = (
        ("from", "address"),
        ("to", "address"),
        ("value", "uint256"),
        ("validAfter", "uint256"),
        ("validBefore", "uint256"),
        ("nonce", "bytes32"),
    )
    return typed_data(
        token,
        "ReceiveWithAuthorization",
        types,
        {
            "from": payer,
            "to": payee,
            "value": value,
            "validAfter": valid_after,
            "validBefore": valid_before,
            "nonce": bytes.fromhex(order_id[2:]),
        },
    )


def digest_of_typed_data(message: dict[str, Any]) -> str:
    """keccak256(0x1901 ‖ domain separator ‖ struct hash) as 0x hex."""
    signable = encode_typed_data(full_message=message)
    return "0x" + keccak(b"\x19" + signable.version + signable.header + signable.body).hex()


def signer_of(message: dict[str, Any], signature: bytes | tuple[int, int, int]) -> str:
    """The address that signed `message`; `signature` is 65 bytes or (v, r, s)."""
    signable = encode_typed_data(full_message=message)
    if isinstance(signature, tuple):
        return Account.recover_message(signable, vrs=signature)
    return Account.recover_message(signable, signature=signature)


_DOMAIN_TYPES = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}


def typed_data(
    domain: Mapping[str, Any], primary: str, types: tuple[tuple[str, str], ...], message: dict[str, Any]
) -> dict[str, Any]:
    """An EIP-712 message as wallets take it; `types` are the fields of the struct `primary`."""
    return {
        "types": {
            "EIP712Domain": [{"name": k, "type": t} for k, t in _DOMAIN_TYPES.items() if k in domain],
            primary: [{"name": name, "type": kind} for name, kind in types],
        },
        "primaryType": primary,
        "domain": dict(domain),
        "message": message,
    }
