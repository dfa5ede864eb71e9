"""Prepaid sales: balances, charges, and each settlement's two files against their roots and sums."""

from __future__ import annotations

from collections import defaultdict

from backend.chain.batch import call_many
from backend.prepaid import settlements
from backend.prepaid.vouchers import order_id_of, orders_root
from backend.royalties.split import attributed_ceiling, split
from backend.storage.cid import cid_of_digest
from backend.verify.checks import Findings
from backend.verify.facts import Event, Facts

Credits = dict[int, dict[str, int]]  # period → artist → all credits so far


def check_prepaid(facts: Facts, findings: Findings) -> None:
    """Buyers' balances, settlements with what was charged for them, and the artists' claims."""
    _check_balances(facts, findings)
    charges: list[Event] = []
    credits: Credits = defaultdict(dict)
    settled_orders: set[str] = set()
    names = ("Charged", "Settled", "CreditsClaimed")
    claims: list[Event] = []
    for event in facts.of("prepaid", *names):
        if event.name == "Charged":
            charges.append(event)
        elif event.name == "CreditsClaimed":
            claims.append(event)
        else:
            here = [charge for charge in charges if charge.tx_hash == event.tx_hash]
            findings.guard(
                f"Settlement {event.args['settlementId']} can be recomputed",
                lambda event=event, here=here: _check_settlement(
                    facts, findings, event, here, credits, settled_orders
                ),
            )
            charges = []
    _check_claims(facts, findings, claims, credits)


def _check_balances(facts: Facts, findings: Findings) -> None:
    amounts: dict[str, int] = defaultdict(int)
    spent: dict[str, int] = defaultdict(int)
    for event in facts.of("prepaid", "Deposited", "Withdrawn", "Charged"):
        buyer = event.args["buyer"]
        amounts[buyer] += event.args["amount"] * (1 if event.name == "Deposited" else -1)
        spent[buyer] += event.args["amount"] if event.name == "Charged" else 0
    balance_of = facts.ctx.contracts.prepaid.functions.balanceOf
    buyers = sorted(amounts)
    told = call_many(facts.ctx.client, [balance_of(buyer) for buyer in buyers], facts.head)
    problems = [
        f"{buyer}: events say {(amounts[buyer], spent[buyer])}, balanceOf {tuple(found)}"
        for buyer, found in zip(buyers, told, strict=True)
        if tuple(found) != (amounts[buyer], spent[buyer])
    ]
    findings.none_of(
        "Prepaid balances are deposits less charges and withdrawals", problems, f"{len(buyers)} buyers"
    )


def _check_settlement(
    facts: Facts,
    findings: Findings,
    event: Event,
    charges: list[Event],
    credits: Credits,
    settled_orders: set[str],
) -> None:
    a, name = event.args, f"Settlement {event.args['settlementId']}"
    s = a["settlement"]
    document = facts.document(cid_of_digest(s["receiptsDigest"]), settlements.RECEIPTS_SCHEMA)
    receipts = settlements.receipts_of(document)
    findings.compare(
        f"{name}: the receipts lead to the root on the chain",
        settlements.receipts_root(receipts),
        s["receiptsRoot"],
        f"{len(receipts)} receipts",
    )
    findings.compare(
        f"{name}: price and artists' part are the sums of the receipts",
        (sum(each.price for each in receipts), settlements.attributed_of(receipts)),
        (a["price"], s["attributed"]),
    )
    problems = _receipt_problems(facts, receipts, document, charges, s["rulesVersion"], settled_orders)
    findings.none_of(f"{name}: each sale was ordered by voucher, once", problems, f"{len(charges)} vouchers")
    _check_shares(facts, findings, event)
    if s["attributed"]:
        sums = settlements.with_receipts(credits[a["period"]], receipts)
        # Counted before the artists' file is read, which may be missing: later settlements build on them.
        credits[a["period"]] = sums
        _check_artists(facts, findings, name, event, sums)


def _check_shares(facts: Facts, findings: Findings, event: Event) -> None:
    """What is not the artists' went to holders and funds in the same transaction."""
    a, s = event.args, event.args["settlement"]
    parts = split(a["price"], facts.rules[s["rulesVersion"]], s["attributed"])
    shares = [
        gift
        for gift in facts.of("market", "SharesContributed")
        if gift.tx_hash == event.tx_hash and gift.log_index > event.log_index
    ][:1]
    findings.compare(
        f"Settlement {a['settlementId']}: the market got the rest of the price, divided by rules "
        f"{s['rulesVersion']}",
        [[getattr(parts, part) for part in ("holders", "platform", "network", "learning")]],
        [[gift.args[part] for part in ("holders", "platform", "network", "learning")] for gift in shares],
    )


def _receipt_problems(
    facts: Facts,
    receipts: list[settlements.Receipt],
    document: dict,
    charges: list[Event],
    version: int,
    settled_orders: set[str],
) -> list[str]:
    """Each receipt is of an order that a charged buyer's voucher names, for the first time, at its price."""
    chain_id, prepaid = facts.ctx.client.chain_id, facts.ctx.contracts.prepaid.address
    rules, named, sums = facts.rules[version], defaultdict(set), defaultdict(int)
    for entry in document["charges"]:
        named[entry["buyer"]].update(entry["order_ids"])
    problems = []
    for receipt in receipts:
        order, order_id = receipt.order, receipt.order_id
        credited = sum(amount for _, amount in receipt.credits)
        sums[order.buyer] += receipt.price
        if order_id_of(order, chain_id, prepaid) != order_id:
            problems.append(f"{order_id} is not the id of its order")
        elif order_id in settled_orders:
            problems.append(f"{order_id} was settled twice")
        elif order_id not in named[order.buyer] or order.rules_version != version:
            problems.append(f"{order_id} is in no voucher of {order.buyer} under rules {version}")
        elif receipt.price != order.quantity * rules.price_per_generation or receipt.price > order.max_price:
            problems.append(f"{order_id}: {receipt.price} is not its price")
        elif credited > attributed_ceiling(receipt.price, rules):
            problems.append(f"{order_id} credits {credited}, more than its rules allow")
        settled_orders.add(order_id)
    return problems + _charge_problems(charges, document, sums)


def _charge_problems(charges: list[Event], document: dict, sums: dict[str, int]) -> list[str]:
    """The file names the orders of exactly the vouchers that were charged, of which a buyer may have several,
    and each buyer was charged what its receipts come to: `sums`."""
    charged: dict[str, int] = defaultdict(int)
    for charge in charges:
        charged[charge.args["buyer"]] += charge.args["amount"]
    told = sorted((entry["buyer"], orders_root(entry["order_ids"])) for entry in document["charges"])
    problems = []
    if told != sorted((charge.args["buyer"], charge.args["ordersRoot"]) for charge in charges):
        problems.append("the orders named beside the receipts are not those of the vouchers charged")
    return problems + [
        f"{buyer} was charged {charged.get(buyer, 0)}, its receipts come to {sums.get(buyer, 0)}"
        for buyer in sorted(charged | sums)
        if charged.get(buyer, 0) != sums.get(buyer, 0)
    ]


def _check_artists(
    facts: Facts, findings: Findings, name: str, event: Event, expected: dict[str, int]
) -> None:
    """The artists' file gives each artist all credits of the period's receipts so far, and leads to the
    root."""
    s, period = event.args["settlement"], event.args["period"]
    document = facts.document(cid_of_digest(s["artistsDigest"]), settlements.ARTISTS_SCHEMA)
    found = settlements.credits_of(document)
    findings.compare(
        f"{name}: the artists' file leads to the root on the chain",
        settlements.artists_root(period, found),
        s["artistsRoot"],
        f"{len(found)} artists",
    )
    attributed = sum(
        each.args["settlement"]["attributed"]
        for each in facts.of("prepaid", "Settled")
        if each.args["period"] == period and each.args["settlementId"] <= event.args["settlementId"]
    )
    findings.compare(
        f"{name}: the artists' file sums to what the period's settlements attributed",
        sum(found.values()),
        attributed,
    )
    findings.compare(
        f"{name}: each artist has the credits of the period's receipts",
        dict(sorted(expected.items())),
        dict(sorted(found.items())),
        f"{attributed} units",
    )


def _check_claims(facts: Facts, findings: Findings, claims: list[Event], credits: Credits) -> None:
    """No artist took more than the receipts gave, and the periods on the chain say the same."""
    paid: dict[tuple[int, str], int] = defaultdict(int)
    for event in claims:
        paid[event.args["period"], event.args["artist"]] += event.args["amount"]
    problems = [
        f"{artist} took {amount} of period {period}, its receipts give {credits[period].get(artist, 0)}"
        for (period, artist), amount in paid.items()
        if amount > credits[period].get(artist, 0)
    ]
    periods = sorted({event.args["period"] for event in facts.of("prepaid", "Settled")})
    views = facts.ctx.contracts.prepaid.functions
    told = call_many(facts.ctx.client, [views.periods(period) for period in periods], facts.head)
    for period, (_, attributed, claimed) in zip(periods, told, strict=True):
        sums = (
            sum(credits[period].values()),
            sum(amount for (each, _), amount in paid.items() if each == period),
        )
        if sums != (attributed, claimed):
            problems.append(f"period {period}: events say {sums}, the contract {(attributed, claimed)}")
    findings.none_of("Artists took what prepaid sales credited to them", problems, f"{len(claims)} claims")
