"""Challenges of a round: file one with a bond, decide it, let it lapse, close it; several may be open."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from eth_utils import to_checksum_address

from backend.chain.batch import call_many
from backend.chain.bonds import approve_bond, claim_bond
from backend.errors import Conflict, ContractReverted, MeltingPotError, NotFound
from backend.storage.cid import digest_of
from backend.training.report import PARTS, leaves_of
from backend.training.rounds import await_end, round_of, rules_of, view_of
from backend.training.service import read_report

if TYPE_CHECKING:
    from backend.context import Context

EVIDENCE_SCHEMA = "meltingpot/evidence@1"
STATES = ("none", "open", "upheld", "refused", "lapsed", "closed")  # ITrainingRounds.ChallengeState


@dataclass(frozen=True)
class ChallengeState:
    """A challenge as the chain tells it; `answer_by` is the last second in which it may be decided."""

    round_id: int
    challenge_id: int
    state: str
    challenger: str
    answer_by: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def challenge(
    ctx: Context, round_id: int, account: str, evidence: Mapping[str, Any], wallet: str = "challenger"
) -> tuple[int, str]:
    """Challenge one account's leaf with a bond; the evidence (any JSON) is published. Returns (challenge id,
    CID).

    The round cannot be finalised until the challenge is decided or has lapsed. Nothing is taken from the
    report but the amount of the leaf: a false report may be missing, malformed or name other rules.
    """
    from web3.logs import DISCARD

    account = to_checksum_address(account)
    amount = _amount_of(ctx, round_of(ctx, round_id).report_cid, account)
    document = {**evidence, "schema": EVIDENCE_SCHEMA, "round_id": round_id, "account": account}
    cid = ctx.documents.put(document)
    sender, rounds = ctx.sender(wallet), ctx.contracts.rounds
    rules = rules_of(ctx, view_of(ctx, round_id)["rulesVersion"])
    approve_bond(ctx, sender, rounds.address, rules.challenge_bond)
    digest = bytes.fromhex(digest_of(cid)[2:])
    receipt = sender.send(rounds.functions.challenge(round_id, account, amount, digest))
    (filed,) = rounds.events.RoundChallenged().process_receipt(receipt, errors=DISCARD)
    return filed["args"]["challengeId"], cid


def _amount_of(ctx: Context, report_cid: str, account: str) -> int:
    """The account's leaf in the report, the artists' before the learning contributors'; 0 where nobody can
    tell."""
    try:
        report = read_report(ctx, report_cid)
        leaves = [leaf for part in PARTS for leaf in leaves_of(report, part)]
    except (MeltingPotError, KeyError, TypeError, ValueError):
        return 0
    amount = next((leaf.amount for leaf in leaves if leaf.account == account), 0)
    return amount if 0 <= amount < 2**256 else 0


def challenges_of(ctx: Context, round_id: int) -> list[ChallengeState]:
    """All challenges of a round in the order of their filing. Raises NotFound for an unknown round."""
    count, view = round_of(ctx, round_id).challenges, ctx.contracts.rounds.functions.challenges
    found = call_many(ctx.client, [view(round_id, i) for i in range(1, count + 1)])
    return [
        ChallengeState(round_id, i, STATES[entry[2]], entry[0], entry[1]) for i, entry in enumerate(found, 1)
    ]


def challenge_of(ctx: Context, round_id: int, challenge_id: int, wanted: str = "open") -> ChallengeState:
    """One challenge. Raises NotFound, and Conflict when it is not `wanted`."""
    for found in challenges_of(ctx, round_id):
        if found.challenge_id == challenge_id:
            if found.state != wanted:
                raise Conflict(
                    f"Challenge {challenge_id} of round {round_id} is {found.state}, only an {wanted} "
                    "challenge can be ended.",
                    "Nothing is left to do.",
                )
            return found
    raise NotFound(
        f"Round {round_id} has no challenge {challenge_id}.",
        f"List them: `meltingpot round challenges {round_id}`.",
    )


def resolve(ctx: Context, round_id: int, challenge_id: int, upheld: bool, wallet: str = "resolver") -> None:
    """Decide a challenge as the bootstrap resolver, which counts only while there is no stake; afterwards the
    holders vote (`governance.propose_resolve`). Pays out the bonds that are then owed. Raises Conflict.
    """
    found = challenge_of(ctx, round_id, challenge_id)
    if ctx.contracts.stake.functions.totalSupply().call():
        raise Conflict(
            "There is stake: only the holders decide challenges now.",
            f"Propose it to them: `meltingpot vote propose-resolve {round_id} {challenge_id} …`.",
        )
    ctx.sender(wallet).send(ctx.contracts.rounds.functions.resolve(round_id, challenge_id, upheld))
    _pay(ctx, round_id, found)


def lapse(ctx: Context, round_id: int, challenge_id: int, advance_time: bool = False) -> None:
    """End a challenge that the resolver left undecided: the round is rejected and each side gets its own bond
    back. Raises Conflict without an open challenge, WindowOpen while the resolver has time.

    `advance_time` moves a development chain past that time.
    """
    found = challenge_of(ctx, round_id, challenge_id)
    what = f"Challenge {challenge_id} of round {round_id} may still be decided"
    await_end(ctx, found.answer_by, advance_time, what)
    ctx.sender("relayer").send(ctx.contracts.rounds.functions.lapse(round_id, challenge_id))
    _pay(ctx, round_id, found)


def close(ctx: Context, round_id: int, challenge_id: int) -> None:
    """Give the bond back of a challenge that was open when its round was rejected. Raises Conflict while the
    round stands.
    """
    found = challenge_of(ctx, round_id, challenge_id)
    state = round_of(ctx, round_id).state
    if state != "rejected":
        raise Conflict(
            f"Round {round_id} is {state}: its challenges have to be decided, or to lapse.",
            f"After its time: `meltingpot round lapse {round_id} {challenge_id}`.",
        )
    ctx.sender("relayer").send(ctx.contracts.rounds.functions.closeChallenge(round_id, challenge_id))
    _pay(ctx, round_id, found)


def _pay(ctx: Context, round_id: int, ended: ChallengeState) -> None:
    """Pays both sides what they are owed. Whom the token refuses stays owed, and keeps the other not waiting:
    the challenge has ended by now."""
    for account in (round_of(ctx, round_id).proposer, ended.challenger):
        with suppress(ContractReverted):
            claim_bond(ctx, ctx.contracts.rounds, account)
