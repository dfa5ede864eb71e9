"""A dishonest operator of prepaid sales: everything within the contract's bounds, against the stranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.prepaid import service, settlements
from backend.prepaid.settlements import Receipt
from backend.prepaid.vouchers import SignedVoucher
from backend.storage.cid import digest_of
from tests.backend.prepaid.sales import delivered, leave_period_end, voucher_of
from tests.backend.sales_world import World
from tests.backend.verify.test_attacks import assert_found, findings


@pytest.fixture
def sale(forgotten: World) -> tuple[SignedVoucher, list[Receipt]]:
    """A voucher for two orders and the honest receipts."""
    leave_period_end(forgotten)
    signed = voucher_of(forgotten, 46, ("a red cat", "a moon"))
    return signed, service.receipts_for(forgotten.ctx, [signed], delivered(forgotten, signed))


def send(
    world: World,
    signed: SignedVoucher | list[SignedVoucher],
    receipts: list[Receipt],
    edit: Callable[[dict[str, Any], dict[str, int]], None],
) -> None:
    """Settles; `edit` may change the receipts' file and the artists' credits before both are published."""
    ctx, (chain_id, prepaid) = world.ctx, service._domain(world.ctx)
    vouchers = signed if isinstance(signed, list) else [signed]
    period = ctx.contracts.prepaid.functions.currentPeriod().call()
    before = _credits_on_chain(world, period)
    credits = settlements.with_receipts(before, receipts)
    document = settlements.receipts_document(chain_id, prepaid, vouchers, receipts)
    attributed = settlements.attributed_of(receipts)
    edit(document, credits)
    artists = settlements.artists_document(chain_id, prepaid, period, credits)
    settlement = (
        vouchers[0].voucher.rules_version,
        period,
        *(_bytes(each) for each in (document["root"], digest_of(ctx.documents.put(document)))),
        attributed,
        *(_bytes(each) for each in (artists["root"], digest_of(ctx.documents.put(artists)))),
    )
    charges = [each.to_chain() for each in vouchers]
    ctx.sender("operator").send(ctx.contracts.prepaid.functions.settle(settlement, charges))


def _credits_on_chain(world: World, period: int) -> dict[str, int]:
    """As the tables had them before this test: what tests send is undone and not indexed."""
    root = world.ctx.contracts.prepaid.functions.periods(period).call()[0]
    return service.credits_in(world.ctx, period) if any(root) else {}


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_an_honest_settlement_is_right(forgotten: World, sale) -> None:
    send(forgotten, *sale, lambda document, credits: None)
    assert findings(forgotten) == []


def test_two_vouchers_of_one_buyer_in_a_settlement_are_right(forgotten: World, sale) -> None:
    """The contract takes them; our service sends one a buyer, another operator's need not."""
    ctx, (signed, receipts), buyer = forgotten.ctx, sale, forgotten.buyer(46)
    more = [forgotten.quote(buyer, "a sun")]
    second = service.sign_voucher(ctx, buyer, more, signed.voucher.spent_to)
    receipts = [*receipts, *service.receipts_for(ctx, [second], delivered(forgotten, second))]
    send(forgotten, [signed, second], receipts, lambda document, credits: None)
    assert findings(forgotten) == []


def test_credits_given_to_a_favourite(forgotten: World, sale) -> None:
    """The sum is right and the root is of the file: only the receipts speak against it."""
    thief, ada = forgotten.buyer(47).address, forgotten.artist("Ada").address

    def shift(document: dict[str, Any], credits: dict[str, int]) -> None:
        credits[thief] = 300_000
        credits[ada] -= 300_000

    send(forgotten, *sale, shift)
    assert_found(forgotten, "each artist has the credits of the period's receipts")


def test_more_credits_than_money(forgotten: World, sale) -> None:
    def more(document: dict[str, Any], credits: dict[str, int]) -> None:
        credits[forgotten.artist("Ada").address] += 1

    send(forgotten, *sale, more)
    assert_found(forgotten, "the artists' file sums to what the period's settlements attributed")


def test_an_order_that_no_voucher_was_signed_for(forgotten: World, sale) -> None:
    def swap(document: dict[str, Any], credits: dict[str, int]) -> None:
        document["charges"][0]["order_ids"][1] = "0x" + "33" * 32

    send(forgotten, *sale, swap)
    assert_found(forgotten, "is in no voucher of")


def test_the_same_sale_charged_twice(forgotten: World, sale) -> None:
    """The buyer signs once more for other orders; the operator shows the old receipts again."""
    signed, receipts = sale
    send(forgotten, signed, receipts, lambda document, credits: None)
    forgotten.ctx.client.advance_time(7 * 86_400 - forgotten.ctx.client.now() % (7 * 86_400) + 1)
    again = service.sign_voucher(forgotten.ctx, forgotten.ctx.wallets.account("buyer:46"), signed.orders)
    send(forgotten, again, receipts, lambda document, credits: None)
    assert_found(forgotten, "was settled twice")
