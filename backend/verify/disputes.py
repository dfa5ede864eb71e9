"""Disputes and payees: what the registry did for a dispute was ruled so, and every bond is where it belongs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from backend.chain.batch import call_many
from backend.verify.checks import Findings
from backend.verify.facts import Event, Facts

KINDS = ("authorship", "revocation")  # by IWorkDisputes.Kind
RULINGS = ("DisputeDecided", "AppealDecided")
BOND_EVENTS = ("DisputeOpened", "DisputeAnswered", "DisputeAppealed")
ENDS = ("DisputeExecuted", "DisputeMooted", "DisputeLapsed")


@dataclass
class DisputeState:
    """A dispute as its events tell it; `bonds` by account, what is still held for them."""

    content_hash: str
    kind: str
    claimant: str
    respondent: str
    upheld: bool = False
    bonds: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class Replay:
    """All disputes after the last event: what stays in open ones, what each account is owed."""

    disputes: dict[int, DisputeState] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    executed: list[tuple[str, str, str, str]] = field(default_factory=list)  # tx, work, what, whom
    problems: list[str] = field(default_factory=list)

    @property
    def held(self) -> int:
        """Bonds in disputes that nobody has closed yet."""
        return sum(sum(dispute.bonds.values()) for dispute in self.disputes.values())


def replay(facts: Facts) -> Replay:
    """The disputes' contract by its events alone."""
    found = Replay()
    for event in facts.of("disputes", *BOND_EVENTS, *RULINGS, *ENDS, "BondClaimed"):
        if event.name == "BondClaimed":
            found.owed[event.args["account"]] -= event.args["amount"]
            continue
        number = event.args["disputeId"]
        if event.name == "DisputeOpened":
            a = event.args
            found.disputes[number] = DisputeState(
                a["contentHash"], KINDS[a["kind"]], a["claimant"], a["respondent"]
            )
        dispute = found.disputes[number]
        if event.name in BOND_EVENTS:
            dispute.bonds[_payer(event)] += event.args["bond"]
        elif event.name in RULINGS:
            dispute.upheld = event.args["upheld"]
        else:
            _end(found, number, dispute, event)
    return found


def check_disputes(facts: Facts, findings: Findings) -> None:
    """Moves and revocations against rulings, bonds against views and balance, payees against `payeeOf`."""
    found = replay(facts)
    done = [
        (event.tx_hash, event.args["contentHash"], event.name, event.args.get("to", event.args.get("artist")))
        for event in facts.of("registry", "WorkMoved", "WorkRevoked")
    ]
    findings.compare(
        "Works were moved and revoked by executed rulings and nothing else",
        sorted(found.executed),
        sorted(done),
        f"{len(found.disputes)} disputes, {len(done)} works moved or revoked",
    )
    findings.none_of(
        "All bonds of an executed dispute are its winner's",
        found.problems,
        f"{sum(found.owed.values())} units owed, {found.held} held in open disputes",
    )
    _check_bonds(facts, findings, found)
    _check_payees(facts, findings)


def _payer(event: Event) -> str:
    side = {"DisputeOpened": "claimant", "DisputeAnswered": "respondent", "DisputeAppealed": "appellant"}
    return str(event.args[side[event.name]])


def _end(found: Replay, number: int, dispute: DisputeState, event: Event) -> None:
    """A winner is owed all bonds; otherwise each side its own."""
    if event.name == "DisputeExecuted":
        winner = dispute.claimant if dispute.upheld else dispute.respondent
        amount = sum(dispute.bonds.values())
        told = (event.args["winner"], event.args["amount"], event.args["upheld"])
        if told != (winner, amount, dispute.upheld):
            ruled = (winner, amount, dispute.upheld)
            found.problems.append(f"dispute {number}: {told} executed, {ruled} ruled")
        found.owed[winner] += amount
        if dispute.upheld and dispute.kind == "authorship":
            found.executed.append((event.tx_hash, dispute.content_hash, "WorkMoved", dispute.claimant))
        elif dispute.upheld:
            found.executed.append((event.tx_hash, dispute.content_hash, "WorkRevoked", dispute.respondent))
    else:
        for account, bond in dispute.bonds.items():
            found.owed[account] += bond
    dispute.bonds.clear()


def _check_bonds(facts: Facts, findings: Findings, found: Replay) -> None:
    contracts = facts.ctx.contracts
    accounts = sorted(found.owed)
    owed = call_many(facts.ctx.client, [contracts.disputes.functions.bondOwed(a) for a in accounts], facts.head)
    problems = [
        f"{account}: events say {found.owed[account]}, bondOwed() {told}"
        for account, told in zip(accounts, owed, strict=True)
        if found.owed[account] != told
    ]
    findings.none_of("The disputes owe what their rulings gave, less what was claimed", problems,
                     f"{len(accounts)} accounts")
    due = found.held + sum(found.owed.values())
    held = facts.call(contracts.token.functions.balanceOf(contracts.disputes.address))
    # More than due is possible: anybody can send tokens to a contract. Less would be a hole.
    findings.expect(
        "The disputes hold every bond that was not paid back", held >= due, f"holds {held}, must pay {due}"
    )


def payees(facts: Facts) -> dict[str, str]:
    """Artist → payee, of artists who ever named one."""
    return {event.args["artist"]: event.args["payee"] for event in facts.of("registry", "PayeeChanged")}


def _check_payees(facts: Facts, findings: Findings) -> None:
    named: dict[str, Any] = payees(facts)
    artists = sorted(named)
    payee_of = facts.ctx.contracts.registry.functions.payeeOf
    told = call_many(facts.ctx.client, [payee_of(artist) for artist in artists], facts.head)
    problems = [
        f"{artist}: events say {named[artist]}, payeeOf() {payee}"
        for artist, payee in zip(artists, told, strict=True)
        if named[artist] != payee
    ]
    findings.none_of("Artists' payees are those that they named", problems, f"{len(artists)} artists")
