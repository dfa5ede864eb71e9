"""Proposals and votes: the holders change the compensation rules and adopt text resolutions.

A proposal is pending for a day, open for five, and when passed waits two days in the timelock; new rules take
effect after a further notice period. Times are the chain's; support is 0 against, 1 for, 2 abstain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from backend.chain.batch import call_many
from backend.errors import InputRefused
from backend.governance.errors import NotEnoughVotes, RulesRefused, WrongMoment
from backend.governance.proposals import (
    STATE_WORDS,
    ProposalState,
    content_of,
    find_proposal,
    proposals,
    proposals_page,
    state_of,
)
from backend.governance.rules import BPS, CHAIN_NAMES, PYTHON_NAMES, Rules, differences, out_of_range
from backend.governance.voting import (
    SUPPORT,
    ballot_message,
    relay_ballot,
    vote,
    vote_by_signature,
    weight_of,
)

if TYPE_CHECKING:
    from backend.context import Context

# The domain's whole face: callers need not know which step lives in which file.
__all__ = [
    "SUPPORT",
    "ProposalState",
    "ballot_message",
    "changed_rules",
    "current_rules",
    "execute",
    "find_proposal",
    "latest_rules",
    "proposals",
    "proposals_page",
    "propose_resolve",
    "propose_rules",
    "propose_ruling",
    "propose_text",
    "queue",
    "relay_ballot",
    "state_of",
    "vote",
    "vote_by_signature",
    "weight_of",
]

RESOLUTION_SCHEMA = "meltingpot/resolution@1"
MAX_TEXT_BYTES = 100_000
APPEALED = 4  # IWorkDisputes.State


# ---- rules -------------------------------------------------------------------------------------------------


def current_rules(ctx: Context) -> tuple[int, Rules]:
    """Version and rules in force now, from the chain."""
    version = ctx.contracts.rules.functions.currentVersion().call()
    return version, Rules.from_chain(ctx.contracts.rules.functions.rulesOf(version).call())


def latest_rules(ctx: Context) -> tuple[int, Rules]:
    """Version and rules adopted last; they may still wait for their notice period."""
    version = ctx.contracts.rules.functions.latestVersion().call()
    return version, Rules.from_chain(ctx.contracts.rules.functions.rulesOf(version).call())


def changed_rules(rules: Rules, changes: Mapping[str, int]) -> Rules:
    """The rules after `changes`.

    Raises RulesRefused for an unknown name, a number that no rule can have, no change, or shares that do not
    sum to 10,000.
    """
    unknown = [name for name in changes if name not in PYTHON_NAMES]
    if unknown:
        raise RulesRefused(
            f"No rule is named {', '.join(unknown)}.", f"Rules are named {', '.join(CHAIN_NAMES)}."
        )
    after = rules.changed(changes)
    if after == rules:
        raise RulesRefused("The proposal would change nothing.")
    if wrong := out_of_range(after):
        named = ", ".join(f"{name} {getattr(after, PYTHON_NAMES[name])}" for name in wrong)
        raise RulesRefused(f"{named} cannot be: negative, or too large for the contract.")
    if after.shares_sum != BPS:
        raise RulesRefused(
            f"The five shares sum to {after.shares_sum:,} basis points, not to {BPS:,}.",
            "Take from one share what you give to another: `--set artistsBps=4500 --set platformBps=1000`.",
        )
    return after


# ---- proposing ---------------------------------------------------------------------------------------------


def propose_rules(
    ctx: Context, account: LocalAccount, changes: Mapping[str, int], description: str = ""
) -> int:
    """Proposes new rules: the latest ones with `changes`. Returns the proposal's id."""
    _, rules = latest_rules(ctx)
    after = changed_rules(rules, changes)
    summary = ", ".join(f"{name} {old} → {new}" for name, (old, new) in differences(rules, after).items())
    text = f"# Change the compensation rules\n\n{summary}" + (f"\n\n{description}" if description else "")
    # Estimating the call as the timelock shows the contract's own refusal now, not after eight days of
    # voting.
    adopt = ctx.contracts.rules.functions.adopt(after.to_chain())
    adopt.call({"from": ctx.contracts.timelock.address})
    return _propose(ctx, account, ctx.contracts.rules.address, adopt._encode_transaction_data(), text)


def propose_text(ctx: Context, account: LocalAccount, title: str, text: str) -> int:
    """Puts a text on IPFS and proposes to adopt it as a resolution. Returns the proposal's id.

    A proposal cannot contain its own id, which is a hash over its content; the charter is given the hash of
    the description and computes the id from that and its own call.
    """
    from backend.storage.cid import digest_of

    if not text.strip() or len(text.encode()) > MAX_TEXT_BYTES:
        raise InputRefused(
            f"The text has {len(text.encode())} bytes, wanted 1 to {MAX_TEXT_BYTES}.",
            "Shorten it." if text.strip() else "Write what is to be adopted.",
        )
    cid = ctx.documents.put({"schema": RESOLUTION_SCHEMA, "title": title, "text": text})
    description = f"# {title}\n\nAdopt the text ipfs://{cid} as a resolution."
    reference = keccak(text=_signed_description(description, account.address))
    adopt = ctx.contracts.charter.functions.adopt(bytes.fromhex(digest_of(cid)[2:]), reference)
    return _propose(
        ctx, account, ctx.contracts.charter.address, adopt._encode_transaction_data(), description
    )


def propose_resolve(
    ctx: Context, account: LocalAccount, round_id: int, challenge_id: int, upheld: bool, description: str = ""
) -> int:
    """Proposes to the holders to decide a challenge of a round. Returns the proposal's id.

    Raises NotFound and Conflict for what is not an open challenge, ContractReverted for one that can no
    longer be decided.
    """
    from backend.training.challenges import challenge_of

    challenge_of(ctx, round_id, challenge_id)
    call = ctx.contracts.rounds.functions.resolve(round_id, challenge_id, upheld)
    call.call({"from": ctx.contracts.timelock.address})
    text = _decision(upheld, f"challenge {challenge_id} of round {round_id}", description)
    return _propose(ctx, account, ctx.contracts.rounds.address, call._encode_transaction_data(), text)


def propose_ruling(
    ctx: Context, account: LocalAccount, dispute_id: int, upheld: bool, description: str = ""
) -> int:
    """Proposes to the holders to rule on a dispute about a work, of an appealed one on the appeal. Returns
    the proposal's id. Raises ContractReverted for one that cannot be decided now.
    """
    functions = ctx.contracts.disputes.functions
    (dispute,) = call_many(ctx.client, [functions.disputeOf(dispute_id)])
    appealed = dispute["state"] == APPEALED
    call = (functions.decideAppeal if appealed else functions.decide)(dispute_id, upheld)
    call.call({"from": ctx.contracts.timelock.address})
    what = f"the claim of dispute {dispute_id}{', on appeal' if appealed else ''}"
    text = _decision(upheld, what, description)
    return _propose(ctx, account, ctx.contracts.disputes.address, call._encode_transaction_data(), text)


def _decision(upheld: bool, what: str, description: str) -> str:
    title = f"# {'Uphold' if upheld else 'Refuse'} {what}"
    return f"{title}\n\n{description}" if description else title


def _signed_description(description: str, proposer: str) -> str:
    # OpenZeppelin's governor refuses anybody else's proposal with this suffix: nobody can propose it first
    # and cancel it.
    return f"{description}\n\n#proposer={proposer}"


def _propose(ctx: Context, account: LocalAccount, target: str, calldata: str, description: str) -> int:
    governor = ctx.contracts.governor
    votes = ctx.contracts.stake.functions.getVotes(account.address).call()
    threshold = governor.functions.proposalThreshold().call()
    if votes < threshold:
        raise NotEnoughVotes(
            f"{account.address} has {votes} votes, proposing needs {threshold}.",
            "Propose with a larger holder's wallet, or have votes delegated to this one.",
            votes=votes,
            threshold=threshold,
        )
    text = _signed_description(description, account.address)
    data = bytes.fromhex(calldata[2:])
    ctx.sender(account).send(governor.functions.propose([target], [0], [data], text))
    return governor.functions.getProposalId([target], [0], [data], keccak(text=text)).call()


# ---- after the vote ----------------------------------------------------------------------------------------


def queue(ctx: Context, proposal_id: int, sender: str | LocalAccount = "relayer") -> int:
    """Puts a passed proposal into the timelock; anybody may. Returns the earliest time of execution."""
    _require(state_of(ctx, proposal_id), "passed")
    ctx.sender(sender).send(ctx.contracts.governor.functions.queue(*content_of(ctx, proposal_id)))
    return state_of(ctx, proposal_id).eta


def execute(ctx: Context, proposal_id: int, sender: str | LocalAccount = "relayer") -> None:
    """Executes a queued proposal once the timelock lets it; anybody may."""
    state = state_of(ctx, proposal_id)
    _require(state, "queued")
    if ctx.client.now() < state.eta:
        raise WrongMoment(
            f"The timelock holds proposal {proposal_id} for another {state.eta - ctx.client.now()} s.",
            f"Execute it from {state.eta} on in the chain's time.",
        )
    ctx.sender(sender).send(ctx.contracts.governor.functions.execute(*content_of(ctx, proposal_id)))


def _require(state: ProposalState, wanted: str) -> None:
    if state.state != wanted:
        raise WrongMoment(
            f"Proposal {state.proposal_id} is {state.words}.", f"This step needs: {STATE_WORDS[wanted]}."
        )
