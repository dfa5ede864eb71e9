"""Prepaid balances, vouchers and settlements."""

from types import SimpleNamespace
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, WEEK, now
from tests.contracts.merkle import Tree
from tests.contracts.orders import PRICE
from tests.contracts.signing import sign

ROOT, RECEIPTS, FILE = b"\x31" * 32, b"\x32" * 32, b"\x33" * 32
EMPTY = b"\0" * 32


def prepay(system: SimpleNamespace, buyer: Any, amount: int = 10 * PRICE) -> None:
    """A balance in the buyer's name, from the buyer's approval."""
    system.token.mint(buyer, amount, {"from": buyer})
    system.token.approve(system.prepaid, amount, {"from": buyer})
    system.prepaid.deposit(buyer, amount, {"from": buyer})


def voucher(buyer: Any, start: int, end: int, **changes: Any) -> dict[str, Any]:
    plain = {"buyer": str(buyer), "from": start, "to": end, "rulesVersion": 1, "ordersRoot": ROOT,
             "deadline": now() + DAY}
    return {**plain, **changes}


def charge(system: SimpleNamespace, buyer: Any, start: int, end: int, signer: Any = None,
           contract: Any = None, chain_id: int = 31337, **changes: Any) -> tuple[Any, ...]:
    """A charge with the buyer's signature over its voucher."""
    message = voucher(buyer, start, end, **changes)
    signature = sign(signer or buyer, contract or system.prepaid, "Voucher", message, chain_id).signature
    return charged(message, signature)


def charged(message: dict[str, Any], signature: bytes) -> tuple[Any, ...]:
    return tuple(message[n] for n in ("buyer", "from", "to", "ordersRoot", "deadline")) + (signature,)


def settlement(attributed: int = 0, artists_root: bytes = EMPTY, **changes: Any) -> tuple[Any, ...]:
    fields = {"rulesVersion": 1, "period": period_now(), "receiptsRoot": RECEIPTS, "receiptsDigest": FILE,
              "attributed": attributed, "artistsRoot": artists_root, "artistsDigest": FILE if attributed else EMPTY}
    return tuple({**fields, **changes}.values())


def period_now() -> int:
    return now() // WEEK


def leaf(period: int, artist: Any, amount: int) -> bytes:
    return keccak(keccak(encode(["uint256", "address", "uint256"], [period, str(artist), amount])))


class Credits:
    """A period's credits: `root`, and the arguments of each artist's claim."""

    def __init__(self, period: int, *credits: tuple[Any, int]) -> None:
        self.period, self.amounts = period, {str(artist): amount for artist, amount in credits}
        self._tree = Tree([leaf(period, artist, amount) for artist, amount in credits])
        self.root = self._tree.root

    def claim(self, artist: Any) -> tuple[int, Any, int, list[bytes]]:
        amount = self.amounts[str(artist)]
        return self.period, artist, amount, self._tree.proof(leaf(self.period, artist, amount))


def settled(system: SimpleNamespace, who: SimpleNamespace, charges: list[tuple[Any, ...]],
            credits: Credits | None = None, attributed: int | None = None, at: int | None = None) -> Any:
    """The receipt of a settlement of `charges` that attributes what the credits sum to, in the period of `at`
    (Unix seconds; else now)."""
    period = {} if at is None else {"period": at // WEEK}
    if credits is None:
        return system.prepaid.settle(settlement(**period), charges, {"from": who.operator})
    amount = sum(credits.amounts.values()) if attributed is None else attributed
    told = settlement(amount, credits.root, **{"period": credits.period, **period})
    return system.prepaid.settle(told, charges, {"from": who.operator})


def kept(system: SimpleNamespace, buyers: list[Any], periods: list[int]) -> int:
    """What the contract must hold: balances not spent and credits not claimed, checked against the token."""
    balances = sum(system.prepaid.balanceOf(buyer)["amount"] for buyer in buyers)
    credits = 0
    for period in set(periods):
        _, attributed, claimed = system.prepaid.periods(period)
        credits += attributed - claimed
    assert system.token.balanceOf(system.prepaid) == balances + credits
    return balances + credits
