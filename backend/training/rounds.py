"""A round on the chain: propose with bond, challenge, finalise or lapse, claim for everybody with Merkle proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils import event_abi_to_log_topic, to_checksum_address

from backend.chain.batch import call_many
from backend.chain.bonds import approve_bond
from backend.chain.events import LogDecoder
from backend.chain.logs import logs_between
from backend.errors import ChainUnavailable, Conflict, InputRefused, NotFound
from backend.governance.rules import Rules
from backend.storage.cid import cid_of_digest, digest_of
from backend.training.merkle import Leaf
from backend.training.report import leaves_of, tree_of
from backend.training.service import read_report

if TYPE_CHECKING:
    from backend.context import Context

CLAIMS_PER_TRANSACTION = 40  # about 3 million gas: each first-time holder costs votes, delegation and balance
STATES = ("none", "proposed", "challenged", "finalised", "rejected")

Progress = Callable[[str, int, int], None]


class WindowOpen(Conflict):
    """The time in which somebody else may act has not passed."""

    code, title = "window_open", "The window is open"


class StaleReport(InputRefused):
    """The report was made for another round id or another dataset than the chain would take now."""

    code, title = "stale_report", "The report does not fit the next round"
    advice = "Measure again: `meltingpot contributions`."


@dataclass(frozen=True)
class RoundState:
    """A round as the chain tells it."""

    round_id: int
    state: str
    proposer: str
    challenge_ends_at: int
    challenger: str
    answer_by: int  # last second in which the open challenge may be decided; 0 when none is open
    report_cid: str
    mint_budget: int

    def to_json(self) -> dict[str, Any]:
        return {
            "round_id": self.round_id,
            "state": self.state,
            "proposer": self.proposer,
            "challenge_ends_at": self.challenge_ends_at,
            "answer_by": self.answer_by,
            "report_cid": self.report_cid,
        }


def allocations_root(report: Mapping[str, Any]) -> str:
    """The Merkle root over a report's leaves, recomputed, 0x hex. Raises StaleReport when the report states
    another.
    """
    root = "0x" + tree_of(report).root.hex()
    if root != report["allocations_root"]:
        raise StaleReport(
            f"The report states the root {report['allocations_root']}, its leaves give {root}.",
            "Do not propose this report: its leaves were changed.",
        )
    return root


def proposal_of(report: Mapping[str, Any], report_cid: str) -> tuple[bytes, bytes, bytes, bytes, bytes, int]:
    """`TrainingRounds.Proposal` for a report."""
    hexes = (
        digest_of(report["model"]["cid"]),
        report["dataset"]["root"],
        digest_of(report_cid),
        allocations_root(report),
        report["model"]["settings_hash"],
    )
    return *(bytes.fromhex(text[2:]) for text in hexes), int(report["model"]["seed"])


def propose(ctx: Context, report_cid: str) -> int:
    """Pay the bond from wallet `proposer` and propose the report's round; returns its id.

    Raises StaleReport, InputRefused when the proposer cannot pay the bond, ContractReverted.
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
    sender = ctx.sender("proposer")
    approve_bond(ctx, sender, ctx.contracts.rounds.address, _rules(ctx, version).proposal_bond)
    sender.send(rounds.propose(round_id, proposal))
    return round_id


def challenge(
    ctx: Context, round_id: int, account: str, evidence: Mapping[str, Any], wallet: str = "challenger"
) -> str:
    """Challenge one account's leaf with a bond; the evidence (any JSON) is published. Returns its CID.

    Freezes this round until the resolver (the timelock) has decided.
    """
    report = read_report(ctx, round_of(ctx, round_id).report_cid)
    account = to_checksum_address(account)
    amount = {leaf.account: leaf.amount for leaf in leaves_of(report)}.get(account, 0)
    document = {**evidence, "schema": "meltingpot/evidence@1", "round_id": round_id, "account": account}
    cid = ctx.documents.put(document)
    version = int(report["mint"]["rules_version"])
    sender = ctx.sender(wallet)
    approve_bond(ctx, sender, ctx.contracts.rounds.address, _rules(ctx, version).challenge_bond)
    digest = bytes.fromhex(digest_of(cid)[2:])
    sender.send(ctx.contracts.rounds.functions.challenge(round_id, account, amount, digest))
    return cid


def finalise(ctx: Context, round_id: int, advance_time: bool = False) -> None:
    """Open the round's stake claims and pay the proposer's bond back. Raises WindowOpen before the window's
    end.

    `advance_time` moves a development chain past the window; elsewhere it raises NotADevelopmentChain.
    """
    state = round_of(ctx, round_id)
    if state.state != "proposed":
        raise Conflict(
            f"Round {round_id} is {state.state}, only a proposed round can be finalised.",
            f"Wait for the challenge to be decided, or to lapse: `meltingpot round lapse {round_id}`."
            if state.state == "challenged"
            else "Nothing is left to do.",
        )
    _await(ctx, state.challenge_ends_at, advance_time, f"Round {round_id} may still be challenged")
    sender = ctx.sender("relayer")
    sender.send(ctx.contracts.rounds.functions.finalise(round_id))
    sender.send(ctx.contracts.rounds.functions.claimBond(state.proposer))


def lapse(ctx: Context, round_id: int, advance_time: bool = False) -> None:
    """End a challenge that the resolver left undecided: the round is rejected and each side gets its own bond
    back. Raises Conflict without an open challenge, WindowOpen while the resolver has time.

    `advance_time` as for `finalise`.
    """
    state = round_of(ctx, round_id)
    if state.state != "challenged":
        raise Conflict(
            f"Round {round_id} is {state.state}, only an open challenge can lapse.", "Nothing is left to do."
        )
    _await(ctx, state.answer_by, advance_time, f"The challenge of round {round_id} may still be decided")
    sender = ctx.sender("relayer")
    sender.send(ctx.contracts.rounds.functions.lapse(round_id))
    for account in (state.proposer, state.challenger):
        sender.send(ctx.contracts.rounds.functions.claimBond(account))


def _await(ctx: Context, last: int, advance_time: bool, what: str) -> None:
    """Returns after the chain's second `last`; raises WindowOpen, beginning with `what`, when it has not passed."""
    left = last + 1 - ctx.client.now()
    if left > 0 and not advance_time:
        raise WindowOpen(
            f"{what} for {_duration(left)}.",
            "Come back then; on a development chain: --advance-time.",
            seconds_left=left,
        )
    if left > 0:
        ctx.client.advance_time(left)


def claim_all(ctx: Context, round_id: int, progress: Progress | None = None) -> list[Leaf]:
    """Mint every account's stake of a finalised round, paid for by the relayer. Returns the leaves minted
    by this call: what was claimed before is left out. Raises Conflict while the round is not finalised.
    """
    state = round_of(ctx, round_id)
    if state.state != "finalised":
        raise Conflict(
            f"Round {round_id} is {state.state}: only a finalised round gives stake.",
            f"Finalise it after its window: `meltingpot round finalise {round_id}`."
            if state.state == "proposed"
            else "Its challenge has to be decided, or to lapse, first."
            if state.state == "challenged"
            else "Measure and propose again: `meltingpot contributions`.",
        )
    report = read_report(ctx, state.report_cid)
    tree, rounds = tree_of(report), ctx.contracts.rounds.functions
    done = call_many(ctx.client, [rounds.claimed(round_id, leaf.account) for leaf in tree.leaves])
    waiting = [(i, leaf) for i, leaf in enumerate(tree.leaves) if not done[i]]
    sender = ctx.sender("relayer")
    for start in range(0, len(waiting), CLAIMS_PER_TRANSACTION):
        batch = waiting[start : start + CLAIMS_PER_TRANSACTION]
        sender.send(
            rounds.claimMany(
                round_id,
                [leaf.account for _, leaf in batch],
                [leaf.amount for _, leaf in batch],
                [tree.proof(i) for i, _ in batch],
            )
        )
        if progress:
            progress("claim", start + len(batch), len(waiting))
    return [leaf for _, leaf in waiting]


def claim_of(ctx: Context, round_id: int, account: str) -> tuple[Leaf, list[str]]:
    """(leaf, proof as 0x hex) of one account, for a wallet that claims by itself. Raises NotFound."""
    tree = tree_of(read_report(ctx, round_of(ctx, round_id).report_cid))
    account = to_checksum_address(account)
    for i, leaf in enumerate(tree.leaves):
        if leaf.account == account:
            return leaf, ["0x" + sibling.hex() for sibling in tree.proof(i)]
    raise NotFound(
        f"{account} has no allocation in round {round_id}.", "Look the round's report up for who has."
    )


def round_of(ctx: Context, round_id: int) -> RoundState:
    """A round's state from the contract and its proposal from the event. Raises NotFound."""
    rounds = ctx.contracts.rounds
    names = [output["name"] for output in rounds.get_function_by_name("rounds").abi["outputs"]]
    view = dict(zip(names, rounds.functions.rounds(round_id).call(), strict=True))
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
        STATES[view["state"]],
        view["proposer"],
        view["challengeEndsAt"],
        view["challenger"],
        view["answerBy"],
        cid_of_digest(proposed.args["proposal"]["reportDigest"]),
        view["mintBudget"],
    )


def _rules(ctx: Context, version: int) -> Rules:
    return Rules.from_chain(ctx.contracts.rules.functions.rulesOf(version).call())


def _duration(seconds: int) -> str:
    """E.g. "2 d 3 h" or "12 min"."""
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3600, seconds % 3600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"
