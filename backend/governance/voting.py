"""Casting votes: by a transaction of the holder, or by a signed ballot that somebody else sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from backend.generations.orders import signer_of
from backend.governance.errors import NotEnoughVotes, WrongBallot, WrongMoment
from backend.governance.proposals import state_of

if TYPE_CHECKING:
    from backend.context import Context

SUPPORT = {"against": 0, "for": 1, "abstain": 2}


def vote(ctx: Context, account: LocalAccount, proposal_id: int, support: int, reason: str = "") -> int:
    """Casts the account's votes by its own transaction; returns their weight."""
    weight = weight_of(ctx, account.address, proposal_id)
    functions = ctx.contracts.governor.functions
    cast = (
        functions.castVoteWithReason(proposal_id, support, reason)
        if reason
        else functions.castVote(proposal_id, support)
    )
    ctx.sender(account).send(cast)
    return weight


def ballot_message(ctx: Context, proposal_id: int, support: int, voter: str) -> dict[str, Any]:
    """The EIP-712 ballot that a voter signs for somebody else to send."""
    fields = [("proposalId", "uint256"), ("support", "uint8"), ("voter", "address"), ("nonce", "uint256")]
    domain = [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
    ]
    governor = ctx.contracts.governor
    return {
        "types": {
            "EIP712Domain": [{"name": n, "type": t} for n, t in domain],
            "Ballot": [{"name": n, "type": t} for n, t in fields],
        },
        "primaryType": "Ballot",
        "domain": {
            "name": "MeltingPot Governor",
            "version": "1",
            "chainId": ctx.client.chain_id,
            "verifyingContract": governor.address,
        },
        "message": {
            "proposalId": proposal_id,
            "support": support,
            "voter": voter,
            "nonce": governor.functions.nonces(voter).call(),
        },
    }


def vote_by_signature(ctx: Context, account: LocalAccount, proposal_id: int, support: int) -> int:
    """The account signs a ballot and the relayer sends it; returns the weight.

    The voter needs no coin for gas.
    """
    message = ballot_message(ctx, proposal_id, support, account.address)
    signature = account.sign_message(encode_typed_data(full_message=message)).signature
    return relay_ballot(ctx, proposal_id, support, account.address, bytes(signature))


def relay_ballot(ctx: Context, proposal_id: int, support: int, voter: str, signature: bytes) -> int:
    """Sends a signed ballot, paid by the relayer; returns the weight.

    Raises WrongBallot before any gas is spent.
    """
    voter = to_checksum_address(voter)
    weight = weight_of(ctx, voter, proposal_id)
    try:
        signer = signer_of(ballot_message(ctx, proposal_id, support, voter), signature)
    except Exception as error:  # eth_keys raises its own tree for values that are no signature
        raise WrongBallot("The signature is no signature.", "Sign the ballot's typed data again.") from error
    if signer != voter:
        raise WrongBallot(
            f"The ballot was signed by {signer}, the voter is {voter}.",
            "Sign the ballot that /proposals/{id}/ballot returns; its nonce changes with each vote.",
        )
    ctx.sender("relayer").send(
        ctx.contracts.governor.functions.castVoteBySig(proposal_id, support, voter, signature)
    )
    return weight


def weight_of(ctx: Context, voter: str, proposal_id: int) -> int:
    """The voter's votes in an open proposal. Raises WrongMoment, NotEnoughVotes."""
    state = state_of(ctx, proposal_id)
    if state.state != "open":
        raise WrongMoment(
            f"Proposal {proposal_id} is {state.words}.",
            f"Votes are taken from {state.vote_start} to {state.vote_end} in the chain's time.",
        )
    weight = ctx.contracts.governor.functions.getVotes(voter, state.vote_start).call()
    if weight == 0:
        raise NotEnoughVotes(
            f"{voter} had no votes when the vote opened.", "Stake that came later counts in the next vote."
        )
    return weight
