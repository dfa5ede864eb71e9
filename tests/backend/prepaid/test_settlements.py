"""The pure maths: every proof leads to the root, sums are those of the receipts, whatever is changed changes
the root."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.generations.orders import Order
from backend.prepaid import settlements
from backend.prepaid.settlements import Receipt
from backend.prepaid.vouchers import order_id_of, orders_root
from backend.training.merkle import leaf_hash, verify_proof

PREPAID = "0x" + "Ab" * 20
ARTISTS = ["0x" + f"{number:040x}" for number in range(1, 9)]
H = "0x" + "11" * 32


def receipt(salt: int, credits: dict[str, int], price: int = 10**6) -> Receipt:
    order = Order(ARTISTS[0], price, 1, H, H, 1, 2**40, salt)
    return Receipt(order, order_id_of(order, 31337, PREPAID), price, H, H, H, tuple(credits.items()))


many_credits = st.lists(
    st.dictionaries(st.sampled_from(ARTISTS), st.integers(1, 10**9), max_size=4), min_size=1, max_size=9
)


@settings(max_examples=60, deadline=None)
@given(many_credits)
def test_credits_are_the_sums_of_the_receipts_and_provable(given_credits: list[dict[str, int]]) -> None:
    receipts = [receipt(salt, credits) for salt, credits in enumerate(given_credits)]
    sums = settlements.with_receipts({}, receipts)
    assert sum(sums.values()) == settlements.attributed_of(receipts)
    half = settlements.with_receipts(settlements.with_receipts({}, receipts[:1]), receipts[1:])
    assert half == sums, "cumulative: in one settlement or in two"
    if sums:
        tree = settlements.artists_tree(7, sums)
        for index, leaf in enumerate(tree.leaves):
            assert verify_proof(tree.root, leaf_hash(7, leaf), tree.proof(index))
        document = settlements.artists_document(31337, PREPAID, 7, sums)
        assert settlements.credits_of(document) == sums
        assert settlements.artists_root(8, sums) != document["root"], "a leaf of one week is none of another"
    document = settlements.receipts_document(31337, PREPAID, [], receipts)
    assert settlements.receipts_root(settlements.receipts_of(document)) == document["root"]


@pytest.mark.parametrize(
    "change",
    [
        {"price": 2},
        {"output_hash": "0x" + "12" * 32},
        {"output_digest": "0x" + "12" * 32},
        {"attribution_digest": "0x" + "12" * 32},
        {"order_id": "0x" + "12" * 32},
        {"credits": ((ARTISTS[1], 6),)},
        {"credits": ()},
    ],
)
def test_whatever_is_changed_changes_the_root(change: dict) -> None:
    honest = receipt(1, {ARTISTS[1]: 5})
    others = [receipt(2, {})]
    assert settlements.receipts_root([honest, *others]) != settlements.receipts_root(
        [replace(honest, **change), *others]
    )


def test_an_artist_named_twice_is_found() -> None:
    document = settlements.artists_document(31337, PREPAID, 7, {ARTISTS[0]: 5})
    document["credits"] *= 2
    with pytest.raises(ValueError, match="twice"):
        settlements.credits_of(document)


def test_a_prepaid_order_is_none_of_the_market() -> None:
    from backend.generations import orders

    order = receipt(1, {}).order
    assert order_id_of(order, 31337, PREPAID) != orders.order_id_of(order, 31337, PREPAID)
    with pytest.raises(ValueError):
        orders_root([])
