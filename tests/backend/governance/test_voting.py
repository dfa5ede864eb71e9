"""A vote from proposal to rules in force, by transaction and by signature, on the real governor."""

from __future__ import annotations

import pytest
from eth_account.messages import encode_typed_data

from backend.errors import ContractReverted, InputRefused
from backend.governance import service
from backend.governance.errors import NotEnoughVotes, ProposalNotFound, RulesRefused, WrongBallot, WrongMoment
from tests.backend.sales_world import INKS, World


@pytest.fixture
def holders(world: World):
    """The artists by votes, the most first."""
    stake = world.ctx.contracts.stake.functions
    accounts = sorted((world.artist(name) for name in INKS), key=lambda a: -stake.getVotes(a.address).call())
    for account in accounts:
        world.ctx.client.fund(account.address)
    world.ctx.client.advance_time(2)  # the governor counts the votes of a second ago
    return accounts


def move_to(world: World, moment: int) -> None:
    world.ctx.client.advance_time(max(0, moment - world.ctx.client.now()))


def test_holders_change_the_rules(world: World, holders) -> None:
    ctx, (first, *others) = world.ctx, holders
    version, before = service.latest_rules(ctx)
    changes = {"learningBps": before.learning_bps + 100, "platformBps": before.platform_bps - 100}
    proposal = service.propose_rules(ctx, first, changes, "Captions are worth more.")
    world.index()
    row = service.find_proposal(ctx, proposal)
    assert "learningBps" in row.description and row.description.endswith(f"#proposer={first.address}")
    state = service.state_of(ctx, proposal)
    assert (state.state, state.words) == ("pending", "waiting for the vote to open")
    with pytest.raises(WrongMoment):
        service.vote(ctx, first, proposal, 1)

    move_to(world, state.vote_start + 1)
    weight = service.vote(ctx, first, proposal, 1, "yes")
    weight += sum(
        service.vote_by_signature(ctx, other, proposal, 1)
        for other in others
        if ctx.contracts.stake.functions.getVotes(other.address).call()
    )
    assert service.state_of(ctx, proposal).votes_for == weight
    with pytest.raises(WrongMoment, match="open for votes"):
        service.queue(ctx, proposal)

    move_to(world, service.state_of(ctx, proposal).vote_end + 1)
    world.index()
    eta = service.queue(ctx, proposal)
    with pytest.raises(WrongMoment, match="timelock"):
        service.execute(ctx, proposal)
    move_to(world, eta)
    service.execute(ctx, proposal)
    world.index()
    assert service.state_of(ctx, proposal).state == "executed"
    latest, after = service.latest_rules(ctx)
    assert (latest, after) == (version + 1, before.changed(changes))
    assert service.current_rules(ctx)[0] == version, "in force after the notice period only"
    move_to(world, ctx.contracts.rules.functions.effectiveFrom(latest).call())
    assert service.current_rules(ctx) == (latest, after)


def test_holders_adopt_a_text(world: World, holders) -> None:
    ctx, first = world.ctx, holders[0]
    proposal = service.propose_text(
        ctx, first, "No work without its name", "Every receipt names the artists."
    )
    move_to(world, service.state_of(ctx, proposal).vote_start + 1)
    service.vote(ctx, first, proposal, 1)
    move_to(world, service.state_of(ctx, proposal).vote_end + 1)
    world.index()
    move_to(world, service.queue(ctx, proposal))
    service.execute(ctx, proposal)
    world.index()
    digest, reference = ctx.contracts.charter.functions.resolutions(
        ctx.contracts.charter.functions.resolutionCount().call()
    ).call()
    from backend.storage.cid import cid_of_digest

    text = ctx.documents.get(cid_of_digest("0x" + digest.hex()), service.RESOLUTION_SCHEMA)
    assert text["text"] == "Every receipt names the artists."
    assert reference == proposal


def test_nobody_without_votes_proposes_or_votes(world: World, holders) -> None:
    outsider = world.buyer(7)
    with pytest.raises(NotEnoughVotes, match="needs 500"):
        service.propose_text(world.ctx, outsider, "t", "t")
    proposal = service.propose_text(world.ctx, holders[0], "Another", "text")
    move_to(world, service.state_of(world.ctx, proposal).vote_start + 1)
    with pytest.raises(NotEnoughVotes):
        service.vote(world.ctx, outsider, proposal, 1)


def test_what_the_contract_would_refuse_is_refused_before_the_vote(world: World, holders) -> None:
    with pytest.raises(ContractReverted):
        service.propose_rules(world.ctx, holders[0], {"artistsBps": 2100, "holdersBps": 5400})
    with pytest.raises(RulesRefused):
        service.propose_rules(world.ctx, holders[0], {"artistsBps": 1})
    for name, value in (("pricePerGeneration", -1), ("challengeWindow", 2**32), ("maxCredits", 2**16)):
        with pytest.raises(RulesRefused, match=f"{name} {value} cannot be"):
            service.propose_rules(world.ctx, holders[0], {name: value})
    with pytest.raises(InputRefused):
        service.propose_text(world.ctx, holders[0], "t", "  ")


def test_a_ballot_is_its_voters_and_used_once(world: World, holders) -> None:
    ctx, first = world.ctx, holders[0]
    proposal = service.propose_text(ctx, first, "Ballots", "text")
    move_to(world, service.state_of(ctx, proposal).vote_start + 1)
    message = service.ballot_message(ctx, proposal, 1, first.address)
    forged = world.buyer(7).sign_message(encode_typed_data(full_message=message)).signature
    with pytest.raises(WrongBallot, match="signed by"):
        service.relay_ballot(ctx, proposal, 1, first.address, bytes(forged))
    good = bytes(first.sign_message(encode_typed_data(full_message=message)).signature)
    with pytest.raises(WrongBallot):
        service.relay_ballot(ctx, proposal, 0, first.address, good)
    service.relay_ballot(ctx, proposal, 1, first.address, good)
    with pytest.raises(WrongBallot):
        service.relay_ballot(ctx, proposal, 1, first.address, good)


def test_unknown_proposals(world: World) -> None:
    with pytest.raises(ProposalNotFound):
        service.state_of(world.ctx, 12345)
    with pytest.raises(ProposalNotFound):
        service.find_proposal(world.ctx, 12345)
