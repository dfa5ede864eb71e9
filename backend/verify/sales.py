"""Sales: price, attribution, credits and split of every order, from its rules and its published record."""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.generations import attribution
from backend.generations.fulfilment import seed_of
from backend.generations.orders import Order, order_id_of, prompt_hash_of
from backend.governance.rules import Rules
from backend.royalties.split import split
from backend.storage.cid import cid_of_digest
from backend.verify.checks import Findings
from backend.verify.contributions import index_of
from backend.verify.facts import Event, Facts
from backend.verify.shown import check_shown
from backend.verify.training import report_of

STATES = {"OrderRequested": 1, "OrderFulfilled": 2, "OrderRefunded": 3}


def check_sales(facts: Facts, findings: Findings) -> None:
    """Every order: id, price and state; every fulfilled one: output, scores, credits, split."""
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
    credits: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for event in facts.of("market", "ArtistCredited"):
        credits[event.args["orderId"]].append((event.args["artist"], event.args["amount"]))
    for event in facts.of("market", "OrderFulfilled"):
        order_id = event.args["orderId"]
        findings.guard(
            f"Sale {order_id[:10]} can be recomputed",
            lambda event=event, order_id=order_id: _check_sale(
                facts, findings, orders[order_id], event, credits[order_id]
            ),
        )


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
    problems, ended = [], {}
    for event in facts.of("market", "OrderFulfilled", "OrderRefunded"):
        order_id = event.args["orderId"]
        if order_id not in orders or order_id in ended:
            problems.append(f"{order_id}: {event.name} without an open order")
            continue
        ended[order_id] = event.name
        late = facts.time_of(event.block_number) > int(orders[order_id].args["order"]["deadline"])
        if late != (event.name == "OrderRefunded"):
            problems.append(f"{order_id}: {event.name} on the wrong side of the deadline")
        if event.name == "OrderRefunded" and event.args["amount"] != orders[order_id].args["price"]:
            problems.append(
                f"{order_id}: {event.args['amount']} refunded, the price was {orders[order_id].args['price']}"
            )
    state_of = facts.ctx.contracts.market.functions.stateOf
    for order_id in orders:
        told = facts.call(state_of(bytes.fromhex(order_id[2:])))
        if told != STATES[ended.get(order_id, "OrderRequested")]:
            problems.append(
                f"{order_id}: events say {ended.get(order_id, 'OrderRequested')}, the contract state {told}"
            )
    return problems


def _check_sale(
    facts: Facts, findings: Findings, requested: Event, fulfilled: Event, credits: list[tuple[str, int]]
) -> None:
    name = f"Sale {fulfilled.args['orderId'][:10]}"
    order, price = Order.from_json(requested.args["order"]), requested.args["price"]
    rules = facts.rules[order.rules_version]
    record = facts.document(cid_of_digest(fulfilled.args["attributionDigest"]), attribution.SCHEMA)
    _check_record(facts, findings, name, order, fulfilled, record)
    report = _check_source(facts, findings, name, order, fulfilled, record)
    _check_attribution(facts, findings, name, order, rules, record)
    findings.compare(f"{name}: the record names the price that was paid", int(record["price"]), price)
    computed = attribution.credits_of(record, rules, price)
    findings.compare(
        f"{name}: the artists were credited what the record gives",
        sorted(computed),
        sorted(credits),
        f"{len(credits)} artists, {sum(amount for _, amount in credits)} units",
    )
    if report is not None:
        check_shown(facts, findings, name, record, report, computed)
    parts = split(price, rules, sum(amount for _, amount in credits))
    told = {
        part: fulfilled.args[part] for part in ("attributed", "holders", "learning", "platform", "network")
    }
    findings.compare(
        f"{name}: the price was divided by rules {order.rules_version}",
        {part: getattr(parts, part) for part in told},
        told,
    )


def _check_record(
    facts: Facts, findings: Findings, name: str, order: Order, fulfilled: Event, record: Mapping[str, Any]
) -> None:
    """The record is about this order and names the output that the chain names."""
    output = record["output"]
    told = (
        record["order_id"],
        record["model_cid"],
        int(record["quantity"]),
        output["cid"],
        _hex(output["sha256"]),
    )
    wanted = (
        fulfilled.args["orderId"],
        cid_of_digest(order.model_digest),
        order.quantity,
        cid_of_digest(fulfilled.args["outputDigest"]),
        fulfilled.args["outputHash"],
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
    seeds = [str(seed_of(fulfilled.args["orderId"], number)) for number in range(order.quantity)]
    findings.compare(f"{name}: the pictures' seeds follow from the order", seeds, record["seeds"])
    _check_output(facts, findings, name, order.quantity, fulfilled, output["files"])


def _check_output(
    facts: Facts, findings: Findings, name: str, quantity: int, fulfilled: Event, files: list[Mapping[str, Any]]
) -> None:
    """The pictures at the CID on the chain, against the hash on the chain and those in the record."""
    digests = _output_digests(facts, cid_of_digest(fulfilled.args["outputDigest"]), quantity)
    joined = digests[0] if quantity == 1 else hashlib.sha256(b"".join(digests)).digest()
    named = [(f"{number}.png", "0x" + digest.hex()) for number, digest in enumerate(digests, start=1)]
    findings.compare(
        f"{name}: the output on IPFS hashes to what was delivered",
        ("0x" + joined.hex(), named),
        (fulfilled.args["outputHash"], [(file["name"], _hex(file["sha256"])) for file in files]),
        f"{len(digests)} pictures",
    )


def _output_digests(facts: Facts, cid: str, quantity: int) -> list[bytes]:
    """sha256 of each picture, in order: one file, or a directory of 1.png, 2.png … for several."""
    if quantity == 1:
        return [hashlib.sha256(facts.ctx.ipfs.get(cid)).digest()]
    with tempfile.TemporaryDirectory() as folder:
        found = facts.ctx.ipfs.get_directory(cid, Path(folder) / "output")
        names = [f"{number + 1}.png" for number in range(quantity)]
        if sorted(names) != sorted(path.name for path in found.iterdir()):
            raise ValueError(f"{cid} does not hold {quantity} pictures")
        return [hashlib.sha256((found / name).read_bytes()).digest() for name in names]


def _check_attribution(
    facts: Facts, findings: Findings, name: str, order: Order, rules: Rules, record: Mapping[str, Any]
) -> None:
    """Published int8 index × query → scores → allocations, with the threshold of the round."""
    index = index_of(facts, record["index_cid"])
    scores = attribution.scores_of(index.artists, index.rows, record)
    findings.compare(
        f"{name}: scores follow from index and query",
        dict(sorted(scores.items())),
        _pairs(record["scores"], "score"),
        f"{len(scores)} artists",
    )
    threshold = int(record["threshold"])
    allocations = attribution.allocations_of(scores, threshold, order.quantity, rules.max_credits)
    findings.compare(
        f"{name}: allocations follow from the scores",
        dict(sorted(allocations.items())),
        _pairs(record["allocations"], "allocation"),
        f"{len(allocations)} artists above the threshold",
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
        (report["index_cid"], int(report["threshold"]), int(report["quality"]["w_bps"])),
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
