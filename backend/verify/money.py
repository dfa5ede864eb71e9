"""Where every unit of money is, from the chain alone: a statement that balances, and the checks behind it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from backend.chain.batch import call_many
from backend.verify.checks import Findings
from backend.verify.deliveries import deliveries
from backend.verify.facts import Facts, read_facts
from backend.verify.stake import stake_balances

if TYPE_CHECKING:
    from backend.context import Context

FUNDS = ("learning", "platform", "network")
PARTS = ("attributed", "tipped", "holders", *FUNDS)
ELSEWHERE = ("escrowed", "prepaid", "refunded", "withdrawn", "carry")
STATEMENT = ("received", *PARTS, *ELSEWHERE, "claimed", "owed")


def money_statement(ctx: Context) -> dict[str, int]:
    """All money since deployment, in the settlement token's smallest unit, read from the chain alone.

    received = attributed + tipped + holders + learning + platform + network (all that was routed) + escrowed
    + prepaid + refunded + withdrawn + carry, and what was routed = claimed + owed. `received` are paid
    orders, tips, deposits to prepaid balances, and what others gave to holders and funds. `prepaid` are the
    buyers' balances. `carry` are units in the revenue pool that are made of fractions of several holders'
    earnings: released, but nobody can claim them yet; `holders` is without them. `owed` is what can be
    claimed now, what the pool has yet to stream, and what artists have not taken of prepaid sales.
    """
    return statement_of(read_facts(ctx))


def statement_of(facts: Facts) -> dict[str, int]:
    """`money_statement` at the facts' head."""
    market, prepaid, pool = market_totals(facts), prepaid_totals(facts), facts.ctx.contracts.pool.functions
    pool_owed = sum(claimable(facts).values()) + facts.call(pool.pending())
    carry = facts.call(pool.deposited()) - facts.call(pool.claimed()) - pool_owed
    return {
        "received": received(facts),
        "attributed": market["attributed"] + prepaid["attributed"],
        "tipped": market["tipped"],
        "holders": market["holders"] - carry,
        **{fund: market[fund] for fund in FUNDS},
        "escrowed": escrowed(facts),
        "prepaid": prepaid["balances"],
        "refunded": _sum(facts, "market", "OrderRefunded"),
        "withdrawn": _sum(facts, "prepaid", "Withdrawn"),
        "carry": carry,
        "claimed": market["claimed"] + market["holdersPaid"] + prepaid["claimed"],
        "owed": sum(owed(facts).values()) + pool_owed + prepaid["attributed"] - prepaid["claimed"],
    }


def received(facts: Facts) -> int:
    """What came in from outside: what prepaid sales contribute was deposited there before."""
    own = facts.ctx.contracts.prepaid.address
    given = [event for event in facts.of("market", "SharesContributed") if event.args["contributor"] != own]
    return (
        _sum(facts, "market", "OrderRequested", "price")
        + _sum(facts, "market", "ArtistTipped")
        + _sum(facts, "prepaid", "Deposited")
        + sum(event.args[part] for event in given for part in ("holders", *FUNDS))
    )


def market_totals(facts: Facts) -> dict[str, int]:
    """`GenerationMarket.totals()` by name."""
    (totals,) = call_many(facts.ctx.client, [facts.ctx.contracts.market.functions.totals()], facts.head)
    return totals


def prepaid_totals(facts: Facts) -> dict[str, int]:
    """Sums over the prepaid balances and periods, as the contract tells them."""
    views = facts.ctx.contracts.prepaid.functions
    buyers = sorted({event.args["buyer"] for event in facts.of("prepaid", "Deposited")})
    numbers = sorted({event.args["period"] for event in facts.of("prepaid", "Settled")})
    balances = call_many(facts.ctx.client, [views.balanceOf(buyer) for buyer in buyers], facts.head)
    periods = call_many(facts.ctx.client, [views.periods(number) for number in numbers], facts.head)
    return {
        "balances": sum(amount for amount, _ in balances),
        "attributed": sum(attributed for _, attributed, _ in periods),
        "claimed": sum(claimed for _, _, claimed in periods),
    }


def escrowed(facts: Facts) -> int:
    """The price of what orders wait for, as the contract tells it."""
    terms_of = facts.ctx.contracts.market.functions.termsOf
    ids = [bytes.fromhex(event.args["orderId"][2:]) for event in facts.of("market", "OrderRequested")]
    terms = call_many(facts.ctx.client, [terms_of(each) for each in ids], facts.head)
    return sum(each["unitPrice"] * each["quantity"] for each in terms)


def claimable(facts: Facts) -> dict[str, int]:
    """What each account that ever held stake could claim from the pool now."""
    function = facts.ctx.contracts.pool.functions.claimable
    return _of_each(facts, function, sorted(stake_balances(facts)))


def owed(facts: Facts) -> dict[str, int]:
    """What the market owes each artist and payee now."""
    accounts = {event.args["artist"] for event in facts.of("market", "ArtistCredited", "ArtistTipped")}
    for event in facts.of("market", "PayeesChanged"):
        accounts |= {event.args["platform"], event.args["network"], event.args["learning"]}
    return _of_each(facts, facts.ctx.contracts.market.functions.owed, sorted(accounts))


def owed_by_events(facts: Facts) -> dict[str, int]:
    """The same, computed from credits, tips, shares and claims, payees as they were at each sale."""
    balances: dict[str, int] = defaultdict(int)
    payees: dict[str, str] = {}
    sales = iter(deliveries(facts))
    names = ("ArtistCredited", "ArtistTipped", "OrderFulfilled", "SharesContributed", "OwedClaimed")
    for event in facts.of("market", "PayeesChanged", *names):
        if event.name == "PayeesChanged":
            payees = {name: event.args[name] for name in FUNDS}
        elif event.name in ("ArtistCredited", "ArtistTipped"):
            balances[event.args["artist"]] += event.args["amount"]
        elif event.name == "OwedClaimed":
            balances[event.args["account"]] -= event.args["amount"]
        else:
            shares = vars(next(sales).parts) if event.name == "OrderFulfilled" else event.args
            for name, account in payees.items():
                balances[account] += shares[name]
    return dict(balances)


def check_money(facts: Facts, findings: Findings) -> None:
    """Totals against events, both identities, the tokens that the contracts really hold."""
    market, money = market_totals(facts), statement_of(facts)
    _check_totals(facts, findings, market)
    findings.compare(
        "Money received is all accounted for",
        money["received"],
        sum(money[name] for name in (*PARTS, *ELSEWHERE)),
    )
    findings.compare(
        "Money routed is claimed or owed",
        sum(money[name] for name in PARTS),
        money["claimed"] + money["owed"],
    )
    holders = len(stake_balances(facts))
    findings.expect(
        "The carry is less than one unit a holder",
        0 <= money["carry"] <= holders,
        f"{money['carry']} units among {holders} holders",
    )
    computed = {account: amount for account, amount in owed_by_events(facts).items() if amount}
    told = {account: amount for account, amount in owed(facts).items() if amount}
    problems = [
        f"{account}: events say {computed.get(account, 0)}, owed() {told.get(account, 0)}"
        for account in sorted(computed | told)
        if computed.get(account) != told.get(account)
    ]
    findings.none_of(
        "The market owes what its sales credited, less what was claimed", problems, f"{len(told)} accounts"
    )
    _check_holdings(facts, findings, market)


def _check_totals(facts: Facts, findings: Findings, market: dict[str, int]) -> None:
    """The contracts' running sums against sums over the events, the price of each delivery divided anew by
    its rules."""
    sales, gifts = deliveries(facts), list(facts.of("market", "SharesContributed"))
    sums = {
        part: sum(getattr(each.parts, part) for each in sales) + sum(gift.args[part] for gift in gifts)
        for part in ("holders", *FUNDS)
    }
    deferred = _sum(facts, "market", "RefundDeferred") - _sum(facts, "market", "RefundClaimed")
    sums |= {
        "attributed": sum(each.parts.attributed for each in sales),
        "tipped": _sum(facts, "market", "ArtistTipped"),
        "claimed": _sum(facts, "market", "OwedClaimed"),
        "holdersPaid": _sum(facts, "pool", "RevenueClaimed"),
        "refundsOwed": deferred,
    }
    findings.compare(
        "The market's totals are the sums of its events, prices divided by the rules of each order",
        dict(sorted(sums.items())),
        dict(sorted(market.items())),
        f"{len(sales)} deliveries",
    )
    views = facts.ctx.contracts.pool.functions
    findings.compare(
        "The pool's totals are the market's",
        (market["holders"], market["holdersPaid"]),
        (facts.call(views.deposited()), facts.call(views.claimed())),
    )
    _check_told(facts, findings)


def _check_told(facts: Facts, findings: Findings) -> None:
    """What the pool was told of, transaction by transaction, against sales and gifts."""
    due: dict[str, int] = defaultdict(int)
    for each in deliveries(facts):
        due[each.event.tx_hash] += each.parts.holders
    for gift in facts.of("market", "SharesContributed"):
        due[gift.tx_hash] += gift.args["holders"]
    told: dict[str, int] = defaultdict(int)
    for event in facts.of("pool", "RevenueDeposited"):
        told[event.tx_hash] += event.args["amount"]
    findings.none_of(
        "The pool was told of exactly the holders' part of every sale, at once",
        [
            f"transaction {tx}: {due[tx]} are the holders', the pool was told of {told[tx]}"
            for tx in sorted(due | told)
            if due[tx] != told[tx]
        ],
        f"{len(told)} transactions",
    )


def _check_holdings(facts: Facts, findings: Findings, market: dict[str, int]) -> None:
    """Tokens that the contracts hold, against what they must still pay out."""
    prepaid = prepaid_totals(facts)
    bonds = sum(event.args["bond"] for event in facts.of("rounds", "RoundProposed", "RoundChallenged"))
    bonds -= _sum(facts, "rounds", "BondClaimed")
    owed_out = sum(market[part] for part in ("attributed", "tipped", *FUNDS)) - market["claimed"]
    must_hold = {
        ("market", "The market holds what it escrows and owes, to holders too"): escrowed(facts)
        + owed_out
        + market["holders"]
        - market["holdersPaid"]
        + market["refundsOwed"],
        ("prepaid", "The prepaid sales hold every balance and what artists have not taken"): prepaid[
            "balances"
        ]
        + prepaid["attributed"]
        - prepaid["claimed"],
        ("rounds", "The rounds hold every bond that was not paid back"): bonds,
    }
    contracts = facts.ctx.contracts
    for (role, name), due in must_hold.items():
        held = facts.call(contracts.token.functions.balanceOf(getattr(contracts, role).address))
        # More than due is possible: anybody can send tokens to a contract. Less would be a hole.
        surplus = f", {held - due} more than it must: given for nothing" if held > due else ""
        findings.expect(name, held >= due, f"holds {held}, must pay {due}{surplus}")


def _sum(facts: Facts, contract: str, event: str, field: str = "amount") -> int:
    return sum(each.args[field] for each in facts.of(contract, event))


def _of_each(facts: Facts, function: Any, accounts: list[str]) -> dict[str, int]:
    values = call_many(facts.ctx.client, [function(account) for account in accounts], facts.head)
    return dict(zip(accounts, values, strict=True))
