"""Sales: price, state, attribution and credits of every order, from its rules and its published records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from backend.chain.batch import call_many
from backend.generations import attribution
from backend.generations.fulfilment import seed_of
from backend.generations.orders import Order, order_id_of, prompt_hash_of
from backend.governance.rules import Rules
from backend.storage.cid import cid_of_digest
from backend.verify.checks import Findings
from backend.verify.contributions import index_of
from backend.verify.deliveries import Delivered, deliveries
from backend.verify.facts import Event, Facts
from backend.verify.provenance import check_provenance, pictures_of
from backend.verify.shown import check_shown
from backend.verify.training import report_of

NONE, REQUESTED, FULFILLED = range(3)  # GenerationMarket.State; a refunded order is NONE again


def check_sales(facts: Facts, findings: Findings) -> None:
    """Every order: id, price and state; every delivery: output, scores, credits."""
    orders = {event.args["orderId"]: event for event in facts.of("market", "OrderRequested")}
    findings.none_of(
        "Every order's id and price follow from what its buyer signed",
        _order_problems(facts, orders),
        f"{len(orders)} orders",
    )
    findings.none_of(
        "Every order is delivered or refunded once, in time",
        _state_problems(facts, orders),
        f"{len(orders)} orders",
    )
    for each in deliveries(facts):
        findings.guard(f"{each.name} can be recomputed", lambda each=each: _check_sale(facts, findings, each))


def _order_problems(facts: Facts, orders: Mapping[str, Event]) -> list[str]:
    problems = []
    for order_id, event in orders.items():
        order = Order.from_json(event.args["order"])
        rules = facts.rules.get(order.rules_version)
        computed = order_id_of(order, facts.ctx.client.chain_id, facts.ctx.contracts.market.address)
        if computed != order_id:
            problems.append(f"{order_id}: the order hashes to {computed}")
        elif rules is None or event.args["price"] != rules.price_per_generation * order.quantity:
            problems.append(
                f"{order_id}: price {event.args['price']} is not that of rules {order.rules_version}"
            )
        elif event.args["price"] > order.max_price or event.args["buyer"] != order.buyer:
            problems.append(f"{order_id}: price or buyer is not what was signed")
        elif order.rules_version != _version_at(facts, facts.time_of(event.block_number)):
            problems.append(f"{order_id}: rules {order.rules_version} were not in force when it was paid")
    return problems


def _version_at(facts: Facts, time: int) -> int:
    """The rules version in force at a time."""
    return max(
        event.args["version"]
        for event in facts.of("rules", "RulesAdopted")
        if event.args["effectiveFrom"] <= time
    )


def _state_problems(facts: Facts, orders: Mapping[str, Event]) -> list[str]:
    """Deliveries until the deadline, up to what was ordered; after it the price of the rest goes back,
    once."""
    problems = []
    left = {order_id: event.args["order"]["quantity"] for order_id, event in orders.items()}
    refunded: set[str] = set()
    for event in facts.of("market", "OrderFulfilled", "OrderRefunded"):
        order_id = event.args["orderId"]
        if order_id not in orders or order_id in refunded or not left[order_id]:
            problems.append(f"{order_id}: {event.name} without an open order")
            continue
        asked = orders[order_id].args
        late = facts.time_of(event.block_number) > int(asked["order"]["deadline"])
        if late != (event.name == "OrderRefunded"):
            problems.append(f"{order_id}: {event.name} on the wrong side of the deadline")
        if event.name == "OrderFulfilled":
            left[order_id] -= event.args["output"]["quantity"]
            if left[order_id] < 0:
                problems.append(f"{order_id}: {-left[order_id]} generations more than ordered")
            continue
        refunded.add(order_id)
        due = asked["price"] // asked["order"]["quantity"] * left[order_id]
        if event.args["amount"] != due:
            problems.append(f"{order_id}: {event.args['amount']} refunded, {due} were not delivered")
    return problems + _chain_problems(facts, orders, left, refunded)


def _chain_problems(
    facts: Facts, orders: Mapping[str, Event], left: Mapping[str, int], refunded: set[str]
) -> list[str]:
    """What the events make of each order, against the state and the terms that the contract tells."""
    views, wanted = facts.ctx.contracts.market.functions, {}
    for order_id, event in orders.items():
        if order_id in refunded:
            wanted[order_id] = NONE, NO_TERMS
        elif not left[order_id]:
            wanted[order_id] = FULFILLED, NO_TERMS
        else:
            wanted[order_id] = REQUESTED, _terms(facts, event, left[order_id])
    ids = [bytes.fromhex(order_id[2:]) for order_id in orders]
    states = call_many(facts.ctx.client, [views.stateOf(each) for each in ids], facts.head)
    terms = call_many(facts.ctx.client, [views.termsOf(each) for each in ids], facts.head)
    return [
        f"{order_id}: events say {wanted[order_id]}, the contract {found}"
        for order_id, *found in zip(orders, states, terms, strict=True)
        if tuple(found) != wanted[order_id]
    ]


NO_TERMS = {
    "state": NONE,
    "maxCredits": 0,
    "shares": 0,
    "quantity": 0,
    "deadline": 0,
    "unitPrice": 0,
    "parts": False,
}


def _terms(facts: Facts, requested: Event, left: int) -> dict[str, int | bool]:
    """`OrderWord.Terms` of an order that waits, from what was signed and its rules."""
    order = requested.args["order"]
    rules = facts.rules[order["rulesVersion"]]
    shares = (rules.artists_bps, rules.platform_bps, rules.network_bps, rules.learning_bps)
    return {
        "state": REQUESTED,
        "maxCredits": rules.max_credits,
        "shares": sum(share << 16 * place for place, share in enumerate(shares)),
        "quantity": left,
        "deadline": order["deadline"],
        "unitPrice": rules.price_per_generation,
        "parts": left != order["quantity"],
    }


def _check_sale(facts: Facts, findings: Findings, delivered: Delivered) -> None:
    name, order, price = delivered.name, delivered.order, delivered.price
    rules = facts.rules[order.rules_version]
    record = facts.document(cid_of_digest(delivered.output["attributionDigest"]), attribution.SCHEMA)
    _check_record(facts, findings, delivered, record)
    report = _check_source(facts, findings, name, order, delivered.event, record)
    _check_attribution(facts, findings, delivered, rules, record)
    findings.compare(f"{name}: the record names the price that was paid", int(record["price"]), price)
    computed = attribution.credits_of(record, rules, price)
    findings.compare(
        f"{name}: the artists were credited what the record gives",
        sorted(computed),
        sorted(delivered.credits),
        f"{len(delivered.credits)} artists, {sum(amount for _, amount in delivered.credits)} units",
    )
    if report is not None:
        check_shown(facts, findings, name, record, report, computed)


def _check_record(facts: Facts, findings: Findings, delivered: Delivered, record: Mapping[str, Any]) -> None:
    """The record is about this order and names the output that the chain names."""
    name, order, chain, output = delivered.name, delivered.order, delivered.output, record["output"]
    told = (
        record["order_id"],
        record["model_cid"],
        int(record["quantity"]),
        output["cid"],
        _hex(output["sha256"]),
    )
    wanted = (
        delivered.order_id,
        cid_of_digest(order.model_digest),
        delivered.quantity,
        cid_of_digest(chain["outputDigest"]),
        chain["outputHash"],
    )
    findings.compare(
        f"{name}: the record is about this order, its model version and its output",
        told,
        wanted,
        output["cid"],
    )
    findings.compare(
        f"{name}: the prompt hashes to what the buyer signed",
        prompt_hash_of(record["prompt"]),
        order.prompt_hash,
    )
    numbers = range(delivered.first, delivered.first + delivered.quantity)
    seeds = [str(seed_of(delivered.order_id, number)) for number in numbers]
    findings.compare(f"{name}: the pictures' seeds follow from the order", seeds, record["seeds"])
    _check_output(facts, findings, delivered, output["files"])


def _check_output(
    facts: Facts, findings: Findings, delivered: Delivered, files: list[Mapping[str, Any]]
) -> None:
    """The pictures at the CID on the chain, against the hash on the chain and those in the record."""
    quantity, chain = delivered.quantity, delivered.output
    pictures = pictures_of(facts, cid_of_digest(chain["outputDigest"]), quantity)
    digests = [hashlib.sha256(data).digest() for data in pictures]
    joined = digests[0] if quantity == 1 else hashlib.sha256(b"".join(digests)).digest()
    named = [(f"{number}.png", "0x" + digest.hex()) for number, digest in enumerate(digests, start=1)]
    findings.compare(
        f"{delivered.name}: the output on IPFS hashes to what was delivered",
        ("0x" + joined.hex(), named),
        (chain["outputHash"], [(file["name"], _hex(file["sha256"])) for file in files]),
        f"{len(digests)} pictures",
    )
    check_provenance(facts, findings, delivered, pictures)


def _check_attribution(
    facts: Facts, findings: Findings, delivered: Delivered, rules: Rules, record: Mapping[str, Any]
) -> None:
    """Published int8 index × query → scores → allocations, with the threshold of the round."""
    name = delivered.name
    index = index_of(facts, record["index_cid"])
    scores = attribution.scores_of(index.artists, index.rows, record)
    findings.compare(
        f"{name}: scores follow from index and query",
        dict(sorted(scores.items())),
        _pairs(record["scores"], "score"),
        f"{len(scores)} artists",
    )
    threshold = int(record["threshold"])
    allocations = attribution.allocations_of(scores, threshold, delivered.quantity, rules.max_credits)
    findings.compare(
        f"{name}: allocations follow from the scores",
        dict(sorted(allocations.items())),
        _pairs(record["allocations"], "allocation"),
        f"{len(allocations)} artists above the threshold",
    )
    findings.compare(
        f"{name}: the ends of the allocations' intervals follow from index and query",
        attribution.intervals_of(
            index.artists, index.rows, index.centre, record, rules.max_credits
        ),
        {entry["artist"]: (entry.get("low"), entry.get("high")) for entry in record["allocations"]},
        f"{len(allocations)} intervals",
    )


def _check_source(
    facts: Facts, findings: Findings, name: str, order: Order, fulfilled: Event, record: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Index, threshold and quality are those of a report that was final when the order was fulfilled. Returns
    that report, None where the record names none such.
    """
    rounds = _final_rounds(facts, order.model_digest, fulfilled)
    named = findings.expect(
        f"{name}: its report is that of a round that was final, with the model version ordered",
        record["report_cid"] in rounds,
        record["report_cid"],
    )
    if not named:
        return None
    report = report_of(facts, rounds[record["report_cid"]])
    findings.compare(
        f"{name}: index, threshold and quality are those of the round's report",
        (record["index_cid"], int(record["threshold"]), int(record["w_bps"])),
        (report["index_cid"], int(report["sale_threshold"]), int(report["quality"]["w_bps"])),
        f"w {record['w_bps']} bps",
    )
    return report


def _final_rounds(facts: Facts, model_digest: str, fulfilled: Event) -> dict[str, int]:
    """Report CID → round with this model version, of the rounds finalised before the fulfilment."""
    final = {
        event.args["roundId"]
        for event in facts.of("rounds", "RoundFinalised")
        if (event.block_number, event.log_index) < (fulfilled.block_number, fulfilled.log_index)
    }
    return {
        cid_of_digest(event.args["proposal"]["reportDigest"]): event.args["roundId"]
        for event in facts.of("rounds", "RoundProposed")
        if event.args["roundId"] in final and event.args["proposal"]["modelDigest"] == model_digest
    }


def _pairs(entries: list[Mapping[str, Any]], key: str) -> dict[str, int]:
    """Artist → number. Raises ValueError for an artist named twice: credits are paid by entry."""
    found = dict(sorted((entry["artist"], int(entry[key])) for entry in entries))
    if len(found) != len(entries):
        raise ValueError(f"an artist stands twice among {len(entries)} entries with a {key}")
    return found


def _hex(digest: str) -> str:
    return "0x" + digest.removeprefix("0x")
