"""A round on the chain: propose with bond, finalise, claim for everybody with Merkle proofs (challenges:
`challenges.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from eth_utils import event_abi_to_log_topic, to_checksum_address

from backend.chain.batch import call_many
from backend.chain.bonds import approve_bond
from backend.chain.events import LogDecoder
from backend.chain.logs import logs_between
from backend.errors import ChainUnavailable, Conflict, InputRefused, NotFound
from backend.governance.rules import Rules
from backend.storage.cid import cid_of_digest, digest_of
from backend.training.merkle import Leaf, StandardTree
from backend.training.report import PARTS, leaves_of, root_of, tree_of
from backend.training.service import read_report

if TYPE_CHECKING:
    from backend.context import Context

CLAIMS_PER_TRANSACTION = 40  # about 3 million gas: each first-time holder costs votes, delegation and balance
STATES = ("none", "proposed", "finalised", "rejected")  # ITrainingRounds.State

Progress = Callable[[str, int, int], None]


class WindowOpen(Conflict):
    """The time in which somebody else may act has not passed."""

    code, title = "window_open", "The window is open"


class StaleReport(InputRefused):
    """The report was made for another round id or another dataset than the chain would take now."""

    code, title = "stale_report", "The report does not fit the next round"
    advice = "Measure again: `meltingpot contributions`."


class RoundTooSoon(Conflict):
    """The mint interval of the rules has not passed since the latest round that stands."""

    code, title = "round_too_soon", "The next round cannot be proposed yet"


@dataclass(frozen=True)
class RoundState:
    """A round as the chain tells it; `challenged` is proposed with at least one open challenge."""

    round_id: int
    state: str
    proposer: str
    challenge_ends_at: int
    challenges: int  # how many were ever filed; their ids run from 1 to this
    open_challenges: int
    report_cid: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def proposal_of(report: Mapping[str, Any], report_cid: str) -> tuple[Any, ...]:
    """`TrainingRounds.Proposal` for a report. Raises StaleReport when it states a root that its leaves do not
    give.
    """
    roots = {}
    for part, key in zip(PARTS, ("allocations_root", "learning_root"), strict=True):
        roots[key] = root_of(int(report["round_id"]), leaves_of(report, part))
        if roots[key] != report[key]:
            raise StaleReport(
                f"The report states the root {report[key]}, its leaves give {roots[key]}.",
                "Do not propose this report: its leaves were changed.",
            )
    hexes = (
        digest_of(report["model"]["cid"]),
        report["dataset"]["root"],
        digest_of(report_cid),
        *roots.values(),
        report["model"]["settings_hash"],
    )
    return *(bytes.fromhex(text[2:]) for text in hexes), int(report["model"]["seed"])


def propose(ctx: Context, report_cid: str, advance_time: bool = False) -> int:
    """Pay the bond from wallet `proposer` and propose the report's round; returns its id.

    `advance_time` moves a development chain past the mint interval. Raises StaleReport, RoundTooSoon before
    that, InputRefused when the proposer cannot pay the bond, ContractReverted.
    """
    report = read_report(ctx, report_cid)
    proposal = proposal_of(report, report_cid)
    rounds, round_id = ctx.contracts.rounds.functions, int(report["round_id"])
    expected, version = rounds.nextRoundId().call(), ctx.contracts.rules.functions.currentVersion().call()
    if int(report["chain_id"]) != ctx.client.chain_id or round_id != expected:
        raise StaleReport(
            f"The report is for round {round_id} on chain {report['chain_id']}, "
            f"the next is round {expected} on chain {ctx.client.chain_id}."
        )
    if int(report["mint"]["rules_version"]) != version:
        raise StaleReport(
            f"The report mints by rules version {report['mint']['rules_version']}, in force is {version}."
        )
    in_force = rules_of(ctx, version)
    _await_interval(ctx, round_id - 1, in_force.mint_interval, advance_time)
    sender = ctx.sender("proposer")
    approve_bond(ctx, sender, ctx.contracts.rounds.address, in_force.proposal_bond)
    sender.send(rounds.propose(round_id, proposal))
    return round_id


def _await_interval(ctx: Context, latest: int, interval: int, advance_time: bool) -> None:
    """Returns when the rules let a round follow round `latest`; raises RoundTooSoon. A rejected one counts
    for nothing.
    """
    view = view_of(ctx, latest)
    left = view["proposedAt"] + interval - ctx.client.now()
    if STATES[view["state"]] in ("none", "rejected") or left <= 0:
        return
    if not advance_time:
        raise RoundTooSoon(
            f"The rules let one round be proposed every {duration(interval)}; the next in {duration(left)}.",
            "Come back then; on a development chain: --advance-time.",
            seconds_left=left,
        )
    ctx.client.advance_time(left)


def finalise(ctx: Context, round_id: int, advance_time: bool = False) -> None:
    """Open the round's stake claims and pay the proposer's bond back. Raises WindowOpen before the window's
    end.

    `advance_time` moves a development chain past the window; elsewhere it raises NotADevelopmentChain.
    """
    state = round_of(ctx, round_id)
    if state.state != "proposed":
        raise Conflict(
            f"Round {round_id} is {state.state}, only a proposed round can be finalised.",
            f"Wait for its challenges to be decided, or to lapse: `meltingpot round challenges {round_id}`."
            if state.state == "challenged"
            else "Nothing is left to do.",
        )
    await_end(ctx, state.challenge_ends_at, advance_time, f"Round {round_id} may still be challenged")
    sender = ctx.sender("relayer")
    sender.send(ctx.contracts.rounds.functions.finalise(round_id))
    sender.send(ctx.contracts.rounds.functions.claimBond(state.proposer))


def await_end(ctx: Context, last: int, advance_time: bool, what: str) -> None:
    """Returns after the chain's second `last`; raises WindowOpen, beginning with `what`, when it has not passed."""
    left = last + 1 - ctx.client.now()
    if left > 0 and not advance_time:
        raise WindowOpen(
            f"{what} for {duration(left)}.",
            "Come back then; on a development chain: --advance-time.",
            seconds_left=left,
        )
    if left > 0:
        ctx.client.advance_time(left)


def claim_all(ctx: Context, round_id: int, progress: Progress | None = None) -> list[Leaf]:
    """Mint every account's stake of a finalised round, both parts, paid for by the relayer. Returns what was
    minted by this call: what was claimed before is left out. Raises Conflict while the round is not
    finalised.
    """
    state = round_of(ctx, round_id)
    if state.state != "finalised":
        raise Conflict(
            f"Round {round_id} is {state.state}: only a finalised round gives stake.",
            f"Finalise it after its window: `meltingpot round finalise {round_id}`."
            if state.state == "proposed"
            else "Its challenges have to be decided, or to lapse, first."
            if state.state == "challenged"
            else "Measure and propose again: `meltingpot contributions`.",
        )
    report = read_report(ctx, state.report_cid)
    minted = []
    for number, part in enumerate(PARTS):
        if leaves_of(report, part):
            minted += _claim_part(ctx, round_id, number, tree_of(report, part), progress)
    return minted


def _claim_part(
    ctx: Context, round_id: int, part: int, tree: StandardTree, progress: Progress | None
) -> list[Leaf]:
    rounds, sender = ctx.contracts.rounds.functions, ctx.sender("relayer")
    done = call_many(ctx.client, [rounds.claimed(round_id, part, leaf.account) for leaf in tree.leaves])
    waiting = [(i, leaf) for i, leaf in enumerate(tree.leaves) if not done[i]]
    for start in range(0, len(waiting), CLAIMS_PER_TRANSACTION):
        batch = waiting[start : start + CLAIMS_PER_TRANSACTION]
        accounts, amounts = [leaf.account for _, leaf in batch], [leaf.amount for _, leaf in batch]
        proofs = [tree.proof(i) for i, _ in batch]
        sender.send(rounds.claimMany(round_id, part, accounts, amounts, proofs))
        if progress:
            progress("claim", start + len(batch), len(waiting))
    return [leaf for _, leaf in waiting]


def claim_of(ctx: Context, round_id: int, account: str, part: str = "artists") -> tuple[Leaf, list[str]]:
    """(leaf, proof as 0x hex) of one account in a part, for a wallet that claims by itself. Raises
    NotFound.
    """
    report = read_report(ctx, round_of(ctx, round_id).report_cid)
    account = to_checksum_address(account)
    for i, leaf in enumerate(leaves_of(report, part)):
        if leaf.account == account:
            return leaf, ["0x" + sibling.hex() for sibling in tree_of(report, part).proof(i)]
    raise NotFound(
        f"{account} has no allocation among the {part} of round {round_id}.",
        "Look the round's report up for who has.",
    )


def view_of(ctx: Context, round_id: int) -> dict[str, Any]:
    """`rounds(roundId)` by field name; zeros for an unknown round."""
    rounds = ctx.contracts.rounds
    names = [output["name"] for output in rounds.get_function_by_name("rounds").abi["outputs"]]
    return dict(zip(names, rounds.functions.rounds(round_id).call(), strict=True))


def round_of(ctx: Context, round_id: int) -> RoundState:
    """A round's state from the contract and its proposal from the event. Raises NotFound."""
    rounds, view = ctx.contracts.rounds, view_of(ctx, round_id)
    if view["state"] == 0:
        raise NotFound(f"There is no round {round_id}.", "List them: `meltingpot round list`.")
    event = rounds.events.RoundProposed()
    topics = ["0x" + event_abi_to_log_topic(event.abi).hex(), f"0x{round_id:064x}"]
    blocks = (ctx.contracts.start_block, ctx.client.block_number())
    raw = next(logs_between(ctx.client, [rounds.address], *blocks, topics), None)
    if raw is None:
        raise ChainUnavailable(
            f"The node at {ctx.client.url} knows round {round_id} and not the event that proposed it.",
            "Set MELTINGPOT_CHAIN_RPC_URL to a node that keeps logs since the deployment.",
        )
    decoder = LogDecoder({"TrainingRounds": rounds.address}, ctx.contracts.abis)
    (proposed,) = decoder.decode_all([raw], lambda _: 0)
    return RoundState(
        round_id,
        "challenged" if view["state"] == 1 and view["openChallenges"] else STATES[view["state"]],
        view["proposer"],
        view["challengeEndsAt"],
        view["challengeCount"],
        view["openChallenges"],
        cid_of_digest(proposed.args["proposal"]["reportDigest"]),
    )


def rules_of(ctx: Context, version: int) -> Rules:
    return Rules.from_chain(ctx.contracts.rules.functions.rulesOf(version).call())


def duration(seconds: int) -> str:
    """E.g. "2 d 3 h" or "12 min"."""
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3600, seconds % 3600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"
