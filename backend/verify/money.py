"""Where every unit of money is, from the chain alone: a statement that balances, and the checks behind it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from backend.chain.batch import call_many
from backend.verify.checks import Findings
from backend.verify.facts import Facts, read_facts
from backend.verify.stake import stake_balances

if TYPE_CHECKING:
    from backend.context import Context

PARTS = ("attributed", "holders", "learning", "platform", "network")
STATEMENT = ("received", *PARTS, "escrowed", "refunded", "carry", "claimed", "owed")


def money_statement(ctx: Context) -> dict[str, int]:
    """All money since deployment, in the settlement token's smallest unit, read from the chain alone.

    received = attributed + holders + learning + platform + network + escrowed + refunded + carry, and
    attributed + holders + learning + platform + network = claimed + owed. `carry` are units in the revenue
    pool that are made of fractions of several holders' earnings: released, but nobody can claim them yet.
    `holders` is without them. `owed` is what can be claimed now and what the pool has yet to stream.
    """
    return statement_of(read_facts(ctx))


def statement_of(facts: Facts) -> dict[str, int]:
    """`money_statement` at the facts' head."""
    market, pool = market_totals(facts), pool_totals(facts)
    pool_owed = sum(claimable(facts).values()) + facts.call(facts.ctx.contracts.pool.functions.pending())
    carry = pool["deposited"] - pool["claimed"] - pool_owed
    return {
        "received": market["received"],
        "attributed": market["attributed"],
        "holders": market["holders"] - carry,
        "learning": market["learning"],
        "platform": market["platform"],
        "network": market["network"],
        "escrowed": market["escrowed"],
        "refunded": market["refunded"],
        "carry": carry,
        "claimed": market["claimed"] + pool["claimed"],
        "owed": sum(owed(facts).values()) + pool_owed,
    }


def market_totals(facts: Facts) -> dict[str, int]:
    """`GenerationMarket.totals()` by name."""
    return _named(facts, facts.ctx.contracts.market, "totals")


def pool_totals(facts: Facts) -> dict[str, int]:
    """`RevenuePool.totals()` by name."""
    return _named(facts, facts.ctx.contracts.pool, "totals")


def claimable(facts: Facts) -> dict[str, int]:
    """What each account that ever held stake could claim from the pool now."""
    function = facts.ctx.contracts.pool.functions.claimable
    return _of_each(facts, function, sorted(stake_balances(facts)))


def owed(facts: Facts) -> dict[str, int]:
    """What the market owes each artist and payee now."""
    accounts = {event.args["artist"] for event in facts.of("market", "ArtistCredited")}
    for event in facts.of("market", "PayeesChanged"):
        accounts |= {event.args["platform"], event.args["network"], event.args["learning"]}
    return _of_each(facts, facts.ctx.contracts.market.functions.owed, sorted(accounts))


def owed_by_events(facts: Facts) -> dict[str, int]:
    """The same, computed from credits, shares and claims, payees as they were at each sale."""
    balances: dict[str, int] = defaultdict(int)
    payees: dict[str, str] = {}
    for event in facts.of("market", "PayeesChanged", "ArtistCredited", "OrderFulfilled", "OwedClaimed"):
        if event.name == "PayeesChanged":
            payees = {name: event.args[name] for name in ("platform", "network", "learning")}
        elif event.name == "ArtistCredited":
            balances[event.args["artist"]] += event.args["amount"]
        elif event.name == "OwedClaimed":
            balances[event.args["account"]] -= event.args["amount"]
        else:
            for name, account in payees.items():
                balances[account] += event.args[name]
    return dict(balances)


def check_money(facts: Facts, findings: Findings) -> None:
    """Totals against events, both identities, the tokens that the contracts really hold."""
    market, pool, money = market_totals(facts), pool_totals(facts), statement_of(facts)
    _check_totals(facts, findings, market, pool)
    findings.compare(
        "Money received is all accounted for",
        money["received"],
        sum(money[name] for name in (*PARTS, "escrowed", "refunded", "carry")),
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
    _check_holdings(facts, findings, market, pool)


def _check_totals(facts: Facts, findings: Findings, market: dict[str, int], pool: dict[str, int]) -> None:
    """The contracts' running sums against sums over the events."""
    sums = {name: sum(event.args[name] for event in facts.of("market", "OrderFulfilled")) for name in PARTS}
    sums["received"] = sum(event.args["price"] for event in facts.of("market", "OrderRequested"))
    sums["refunded"] = sum(event.args["amount"] for event in facts.of("market", "OrderRefunded"))
    sums["claimed"] = sum(event.args["amount"] for event in facts.of("market", "OwedClaimed"))
    open_orders = {
        event.args["orderId"]: event.args["price"] for event in facts.of("market", "OrderRequested")
    }
    for event in facts.of("market", "OrderFulfilled", "OrderRefunded"):
        open_orders.pop(event.args["orderId"], None)
    sums["escrowed"] = sum(open_orders.values())
    findings.compare(
        "The market's totals are the sums of its events",
        dict(sorted(sums.items())),
        dict(sorted(market.items())),
        f"{sums['received']} received in {sum(1 for _ in facts.of('market', 'OrderRequested'))} orders",
    )
    deposited = sum(event.args["amount"] for event in facts.of("pool", "RevenueDeposited"))
    claimed = sum(event.args["amount"] for event in facts.of("pool", "RevenueClaimed"))
    findings.compare(
        "The pool's totals are the sums of its events", {"deposited": deposited, "claimed": claimed}, pool
    )
    findings.compare(
        "The pool took in exactly the holders' part of every sale", market["holders"], pool["deposited"]
    )


def _check_holdings(facts: Facts, findings: Findings, market: dict[str, int], pool: dict[str, int]) -> None:
    """Tokens that the contracts hold, against what they must still pay out."""
    contracts = facts.ctx.contracts
    balance_of = contracts.token.functions.balanceOf
    deferred = sum(e.args["amount"] for e in facts.of("market", "RefundDeferred"))
    deferred -= sum(e.args["amount"] for e in facts.of("market", "RefundClaimed"))
    liabilities = market["escrowed"] + sum(owed(facts).values()) + deferred
    held_market, held_pool = (
        facts.call(balance_of(contracts.market.address)),
        facts.call(balance_of(contracts.pool.address)),
    )
    # More than due is possible: anybody can send tokens to a contract. Less would be a hole.
    findings.expect(
        "The market holds what it owes and escrows",
        held_market >= liabilities,
        f"holds {held_market}, must pay {liabilities}",
    )
    due = pool["deposited"] - pool["claimed"]
    findings.expect(
        "The pool holds what it took in and did not pay",
        held_pool >= due,
        f"holds {held_pool}, must pay {due}",
    )
    bonds = sum(event.args["bond"] for event in facts.of("rounds", "RoundProposed", "RoundChallenged"))
    bonds -= sum(event.args["amount"] for event in facts.of("rounds", "BondClaimed"))
    held_bonds = facts.call(balance_of(contracts.rounds.address))
    findings.expect(
        "The rounds hold every bond that was not paid back",
        held_bonds >= bonds,
        f"holds {held_bonds}, must pay {bonds}",
    )


def _named(facts: Facts, contract: Any, name: str) -> dict[str, int]:
    function = contract.get_function_by_name(name)()
    values = facts.call(function)
    return {output["name"]: int(value) for output, value in zip(function.abi["outputs"], values, strict=True)}


def _of_each(facts: Facts, function: Any, accounts: list[str]) -> dict[str, int]:
    values = call_many(facts.ctx.client, [function(account) for account in accounts], facts.head)
    return dict(zip(accounts, values, strict=True))
