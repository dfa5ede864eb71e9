"""An order that is delivered in parts, against the stranger: two of three generations in two files, the
third late.

Our worker delivers at once; another operator's software need not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.generations import fulfilment, service
from backend.generations.fulfilment import Fulfilment
from backend.generations.orders import Order
from backend.jobs.queue import LeasedOrder
from backend.storage.cid import digest_of
from tests.backend.sales_world import SAMPLING, World, quiet
from tests.backend.verify.test_attacks import assert_found, deliver, findings, pinned

PROMPT = "a green circle"


@pytest.fixture
def parts(forgotten: World) -> tuple[Order, list[Fulfilment]]:
    """A paid order of three generations, and honest deliveries of the first and the second."""
    ctx, account = forgotten.ctx, forgotten.buyer(45)
    order = forgotten.quote(account, PROMPT, quantity=3, deadline=forgotten.ctx.client.now() + 600)
    order_id = service.request_by_authorization(ctx, account, order, PROMPT)
    model, found = forgotten.worker().models.get(order.model_digest), []
    for number in range(2):
        leased = LeasedOrder(order_id, replace(order, quantity=1), 10**6, PROMPT, 1)
        pictures = fulfilment.generate(model, [leased], SAMPLING, quiet)[0]
        pictures, output = pinned(forgotten, leased, model, pictures, number)
        part = fulfilment.attribute(ctx, model, leased, pictures, output, SAMPLING)
        record = {**part.record, "seeds": [str(fulfilment.seed_of(order_id, number))]}
        digest = digest_of(ctx.documents.put(record))
        found.append(replace(part, record=record, attribution_digest=digest))
    return order, found


def test_honest_parts_are_right_while_the_rest_waits_and_once_it_is_refunded(
    forgotten: World, parts: tuple[Order, list[Fulfilment]]
) -> None:
    order, found = parts
    for part in found:
        assert part.credits
        deliver(forgotten, part)
    assert findings(forgotten) == []
    forgotten.ctx.client.advance_time(601)
    market = forgotten.ctx.contracts.market.functions
    forgotten.ctx.sender("relayer").send(market.refund(order.to_chain()))
    assert findings(forgotten) == []


def test_a_part_whose_record_names_the_price_of_the_whole(
    forgotten: World, parts: tuple[Order, list[Fulfilment]]
) -> None:
    """The contract refuses credits above the part's share, so the money is right; the receipt is not."""
    _, (first, _) = parts
    record = {**first.record, "price": str(3 * 10**6)}
    deliver(forgotten, replace(first, attribution_digest=digest_of(forgotten.ctx.documents.put(record))))
    assert_found(forgotten, "part 1: the record names the price")


def test_the_same_picture_delivered_twice(forgotten: World, parts: tuple[Order, list[Fulfilment]]) -> None:
    _, (first, _) = parts
    deliver(forgotten, first)
    deliver(forgotten, first)
    assert_found(forgotten, "part 2: the pictures' seeds follow from the order")
