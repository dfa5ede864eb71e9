"""Stake: every mint is a leaf of a finalised round, and balances are the sum of what was minted and moved."""

from __future__ import annotations

from collections import defaultdict

from backend.chain.abi import ZERO_ADDRESS
from backend.chain.batch import call_many
from backend.governance.rules import BPS
from backend.training.report import PARTS, leaves_of
from backend.verify.checks import Findings
from backend.verify.facts import Facts
from backend.verify.training import report_of


def check_stake(facts: Facts, findings: Findings) -> None:
    """Claims against reports, mints against claims, balances against transfers."""
    claims = list(facts.of("rounds", "StakeClaimed"))
    findings.none_of(
        "Every stake claim is a leaf of its finalised round, once",
        _claim_problems(facts),
        f"{len(claims)} claims",
    )
    minted = sorted(
        (e.tx_hash, e.args["to"], e.args["value"])
        for e in facts.of("stake", "Transfer")
        if e.args["from"] == ZERO_ADDRESS
    )
    claimed = sorted((e.tx_hash, e.args["account"], e.args["amount"]) for e in claims)
    findings.compare(
        "Stake was minted by claims and nothing else",
        minted,
        claimed,
        f"{sum(amount for *_, amount in minted)} units minted",
    )
    _check_budgets(facts, findings)
    _check_intervals(facts, findings)
    _check_balances(facts, findings)


def stake_balances(facts: Facts) -> dict[str, int]:
    """Account → stake from transfers alone; accounts that ever held some."""
    balances: dict[str, int] = defaultdict(int)
    for event in facts.of("stake", "Transfer"):
        balances[event.args["from"]] -= event.args["value"]
        balances[event.args["to"]] += event.args["value"]
    balances.pop(ZERO_ADDRESS, None)
    return dict(balances)


def _claim_problems(facts: Facts) -> list[str]:
    leaves: dict[tuple[int, str], dict[str, int]] = {}
    finalised: set[int] = set()
    done: set[tuple[int, str, str]] = set()
    problems = []
    for event in facts.of("rounds", "RoundFinalised", "StakeClaimed"):
        round_id = event.args["roundId"]
        if event.name == "RoundFinalised":
            finalised.add(round_id)
            report = report_of(facts, round_id)
            for part in PARTS:
                leaves[round_id, part] = {leaf.account: leaf.amount for leaf in leaves_of(report, part)}
            continue
        account, amount, part = event.args["account"], event.args["amount"], PARTS[event.args["part"]]
        if round_id not in finalised:
            problems.append(f"{account} claimed from round {round_id} before it was final")
        elif leaves[round_id, part].get(account) != amount:
            problems.append(
                f"{account} got {amount} from round {round_id} ({part}), "
                f"its leaf says {leaves[round_id, part].get(account)}"
            )
        elif (round_id, part, account) in done:
            problems.append(f"{account} claimed from round {round_id} twice")
        done.add((round_id, part, account))
    return problems


def _check_budgets(facts: Facts, findings: Findings) -> None:
    versions = {
        event.args["roundId"]: event.args["rulesVersion"] for event in facts.of("rounds", "RoundProposed")
    }
    minted: dict[tuple[int, str], int] = defaultdict(int)
    for event in facts.of("rounds", "StakeClaimed"):
        minted[event.args["roundId"], PARTS[event.args["part"]]] += event.args["amount"]
    problems = []
    for (round_id, part), amount in minted.items():
        rules = facts.rules[versions[round_id]]
        learning = rules.mint_per_round * rules.learning_mint_bps // BPS
        budget = learning if part == "learning" else rules.mint_per_round - learning
        if amount > budget:
            problems.append(f"round {round_id} minted {amount} for {part}, its rules allow {budget}")
    rounds = {round_id for round_id, _ in minted}
    findings.none_of("No round minted more than its rules allow", problems, f"{len(rounds)} rounds")


def _check_intervals(facts: Facts, findings: Findings) -> None:
    """Two rounds that stand were proposed at least the mint interval of the later one's rules apart; one that
    was rejected by then does not count."""
    problems, latest, rejected, count = [], None, set(), 0
    names = ("RoundProposed", "ChallengeResolved", "ChallengeLapsed")
    for event in facts.of("rounds", *names):
        round_id = event.args["roundId"]
        if event.name != "RoundProposed":
            if event.args.get("upheld", True):
                rejected.add(round_id)
            continue
        time = facts.time_of(event.block_number)
        interval = facts.rules[event.args["rulesVersion"]].mint_interval
        if latest and latest[0] not in rejected and time - latest[1] < interval:
            problems.append(f"round {round_id} came {time - latest[1]} s after {latest[0]}, not {interval} s")
        latest, count = (round_id, time), count + 1
    findings.none_of("No round was proposed before its rules' mint interval", problems, f"{count} rounds")


def _check_balances(facts: Facts, findings: Findings) -> None:
    balances = stake_balances(facts)
    accounts = sorted(balances)
    balance_of = facts.ctx.contracts.stake.functions.balanceOf
    held = call_many(facts.ctx.client, [balance_of(account) for account in accounts], facts.head)
    problems = [
        f"{account}: transfers say {balances[account]}, balanceOf {value}"
        for account, value in zip(accounts, held, strict=True)
        if balances[account] != value
    ]
    findings.none_of("Stake balances equal mints and transfers", problems, f"{len(accounts)} holders")
    supply = facts.call(facts.ctx.contracts.stake.functions.totalSupply())
    findings.compare("The stake's total supply is the sum of all balances", sum(balances.values()), supply)
