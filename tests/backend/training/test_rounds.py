"""Steps of a round on the real contract: early finalise, challenge, claim in batches and by oneself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from backend.chain.client import ChainClient, RpcError
from backend.errors import Conflict, NotFound
from backend.training import challenges, round_commands, rounds, service
from backend.training.merkle import leaf_hash, verify_proof
from backend.training.rounds import RoundTooSoon, StaleReport, WindowOpen
from tests.backend.disputes.conftest import as_timelock
from tests.backend.sales_world import INKS, World, rooted, world  # noqa: F401


@pytest.fixture
def forgotten(world: World) -> Iterator[World]:  # noqa: F811
    """What a test sends to the chain is undone afterwards."""
    snapshot = world.ctx.client.rpc("evm_snapshot")
    yield world
    world.ctx.client.rpc("evm_revert", snapshot)


@pytest.fixture
def second_report(forgotten: World) -> str:
    """CID of round 1's report, rewritten for the next round under the rules in force by now."""
    report = dict(service.read_report(forgotten.ctx, rounds.round_of(forgotten.ctx, 1).report_cid))
    version = forgotten.ctx.contracts.rules.functions.currentVersion().call()
    report["mint"] = {**report["mint"], "rules_version": version}
    following = forgotten.ctx.contracts.rounds.functions.nextRoundId().call()
    return forgotten.ctx.documents.put(rooted(report, following))


def test_the_window_must_pass_and_the_message_says_how_long(forgotten: World, second_report: str) -> None:
    round_id = rounds.propose(forgotten.ctx, second_report)
    with pytest.raises(WindowOpen, match="3 d 0 h|2 d 23 h"):
        rounds.finalise(forgotten.ctx, round_id)
    rounds.finalise(forgotten.ctx, round_id, advance_time=True)
    assert rounds.round_of(forgotten.ctx, round_id).state == "finalised"
    with pytest.raises(Conflict, match="is finalised"):
        rounds.finalise(forgotten.ctx, round_id)


def test_the_proposer_gets_the_bond_back(forgotten: World, second_report: str) -> None:
    balance = forgotten.ctx.contracts.token.functions.balanceOf(forgotten.ctx.wallets.address("proposer"))
    round_id = rounds.propose(forgotten.ctx, second_report)
    after_bond = balance.call()
    rounds.finalise(forgotten.ctx, round_id, advance_time=True)
    assert balance.call() == after_bond + 100 * 10**6


def test_claims_are_minted_once(forgotten: World, second_report: str) -> None:
    round_id = rounds.propose(forgotten.ctx, second_report)
    rounds.finalise(forgotten.ctx, round_id, advance_time=True)
    supply = forgotten.ctx.contracts.stake.functions.totalSupply()
    before = supply.call()
    leaves = rounds.claim_all(forgotten.ctx, round_id)
    assert leaves and supply.call() == before + sum(leaf.amount for leaf in leaves)
    assert rounds.claim_all(forgotten.ctx, round_id) == []


def test_both_parts_are_claimed(forgotten: World, second_report: str) -> None:
    """An artist who also wrote captions has a leaf in each part."""
    ctx, report = forgotten.ctx, dict(service.read_report(forgotten.ctx, second_report))
    account = report["leaves"][0]["account"]
    report["learning_leaves"] = [{"account": account, "amount": str(10**18)}]
    cid = ctx.documents.put(rooted(report, report["round_id"]))
    round_id = rounds.propose(ctx, cid, advance_time=True)
    rounds.finalise(ctx, round_id, advance_time=True)
    before = ctx.contracts.stake.functions.balanceOf(account).call()
    minted = rounds.claim_all(ctx, round_id)
    assert len(minted) == len(report["leaves"]) + 1
    gained = ctx.contracts.stake.functions.balanceOf(account).call() - before
    assert gained == int(report["leaves"][0]["amount"]) + 10**18
    assert ctx.contracts.rounds.functions.claimed(round_id, 1, account).call()
    leaf, proof = rounds.claim_of(ctx, round_id, account, "learning")
    assert (leaf.amount, proof) == (10**18, [])


def disputed(world: World, report_cid: str, count: int = 1) -> tuple[int, list[int]]:  # noqa: F811
    """A proposed round with so many challenges; its id and theirs."""
    round_id = rounds.propose(world.ctx, report_cid, advance_time=True)
    account = service.read_report(world.ctx, report_cid)["leaves"][0]["account"]
    world.ctx.client.fund(world.ctx.wallets.address("challenger"))
    filed = [challenges.challenge(world.ctx, round_id, account, {"statement": f"no {i}"}) for i in range(count)]
    assert world.ctx.documents.get(filed[0][1], "meltingpot/evidence@1")["account"] == account
    return round_id, [number for number, _ in filed]


def test_a_challenged_round_cannot_be_finalised(forgotten: World, second_report: str) -> None:
    round_id, ids = disputed(forgotten, second_report, 2)
    assert ids == [1, 2]
    assert [(c.challenge_id, c.state) for c in challenges.challenges_of(forgotten.ctx, round_id)] == [
        (1, "open"),
        (2, "open"),
    ]
    state = rounds.round_of(forgotten.ctx, round_id)
    assert (state.state, state.challenges, state.open_challenges) == ("challenged", 2, 2)
    with pytest.raises(Conflict, match="challenged"):
        rounds.finalise(forgotten.ctx, round_id, advance_time=True)


def test_a_challenge_that_nobody_decides_lapses(forgotten: World, second_report: str) -> None:
    round_id, (first, second) = disputed(forgotten, second_report, 2)
    with pytest.raises(NotFound, match="has no challenge 3"):
        challenges.lapse(forgotten.ctx, round_id, 3)
    with pytest.raises(Conflict, match="have to be decided"):
        challenges.close(forgotten.ctx, round_id, second)
    balance = forgotten.ctx.contracts.token.functions.balanceOf
    wallets = [forgotten.ctx.wallets.address(name) for name in ("proposer", "challenger")]
    before = [balance(wallet).call() for wallet in wallets]
    with pytest.raises(WindowOpen, match="may still be decided for (30 d 0|29 d 23) h"):
        challenges.lapse(forgotten.ctx, round_id, first)
    challenges.lapse(forgotten.ctx, round_id, first, advance_time=True)
    assert rounds.round_of(forgotten.ctx, round_id).state == "rejected"
    challenges.close(forgotten.ctx, round_id, second)
    gained = [balance(wallet).call() - had for wallet, had in zip(wallets, before, strict=True)]
    assert gained == [100 * 10**6, 200 * 10**6]
    with pytest.raises(Conflict, match="is lapsed"):
        challenges.lapse(forgotten.ctx, round_id, first)


@pytest.mark.parametrize("fault", ["names other rules", "has no leaves", "is not there"])
def test_a_false_report_does_not_keep_challenges_away(
    forgotten: World, second_report: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads it to challenge it must not have to trust it."""
    ctx = forgotten.ctx
    report = dict(service.read_report(ctx, second_report))
    account, amount = report["leaves"][0]["account"], int(report["leaves"][0]["amount"])
    round_id = rounds.propose(ctx, second_report, advance_time=True)

    def false(*_: Any) -> dict[str, Any]:
        if fault == "is not there":
            raise NotFound("The node does not have it.")
        if fault == "has no leaves":
            return {"mint": report["mint"]}
        return {**report, "mint": {**report["mint"], "rules_version": 99}}

    monkeypatch.setattr(challenges, "read_report", false)
    ctx.client.fund(ctx.wallets.address("challenger"))
    number, _ = challenges.challenge(ctx, round_id, account, {"statement": "false"})
    (filed,) = ctx.contracts.rounds.events.RoundChallenged().get_logs(from_block=ctx.client.block_number())
    assert (filed["args"]["challengeId"], filed["args"]["account"]) == (number, account)
    assert filed["args"]["amount"] == (amount if fault == "names other rules" else 0)


def test_bonds_after_a_vote_are_paid_by_command(forgotten: World, second_report: str) -> None:
    ctx = forgotten.ctx
    round_id, (first,) = disputed(forgotten, second_report)
    as_timelock(forgotten, ctx.contracts.rounds.functions.resolve(round_id, first, True))
    done = CliRunner().invoke(round_commands.round_group, ["claim-bond", "challenger", "--json"], obj=ctx)
    paid = {"account": ctx.wallets.address("challenger"), "amount": str(200 * 10**6)}
    assert json.loads(done.stdout) == paid


def test_the_bootstrap_resolver_has_no_say_once_there_is_stake(forgotten: World, second_report: str) -> None:
    round_id, (first,) = disputed(forgotten, second_report)
    with pytest.raises(Conflict, match="only the holders decide"):
        challenges.resolve(forgotten.ctx, round_id, first, upheld=True)


def test_holders_decide_a_challenge(forgotten: World, second_report: str) -> None:
    """From the proposal to the effect, without the database: the governor and the timelock do it all."""
    from backend.governance import service as governance

    ctx = forgotten.ctx
    round_id, (first,) = disputed(forgotten, second_report)
    holder = max(
        (forgotten.artist(name) for name in INKS),
        key=lambda account: ctx.contracts.stake.functions.getVotes(account.address).call(),
    )
    ctx.client.fund(holder.address)
    proposal = governance.propose_resolve(ctx, holder, round_id, first, True, "It was counted twice.")
    assert governance.state_of(ctx, proposal).state == "pending"
    calls = ctx.contracts.governor.events.ProposalCreated().get_logs(from_block=ctx.client.block_number())[0]["args"]
    resolve = ctx.contracts.rounds.functions.resolve(round_id, first, True)._encode_transaction_data()
    assert calls["calldatas"] == [bytes.fromhex(resolve[2:])]
    assert calls["targets"] == [ctx.contracts.rounds.address]


def test_the_mint_interval_must_pass(forgotten: World, second_report: str) -> None:
    first = rounds.propose(forgotten.ctx, second_report, advance_time=True)
    report = rooted(dict(service.read_report(forgotten.ctx, second_report)), first + 1)
    third = forgotten.ctx.documents.put(report)
    with pytest.raises(RoundTooSoon, match="every 1 d 0 h"):
        rounds.propose(forgotten.ctx, third)
    assert rounds.propose(forgotten.ctx, third, advance_time=True) == first + 1


def test_a_report_for_another_round_is_stale(world: World) -> None:  # noqa: F811
    with pytest.raises(StaleReport, match="for round 1"):
        rounds.propose(world.ctx, rounds.round_of(world.ctx, 1).report_cid)


def test_one_account_gets_leaf_and_proof(world: World) -> None:  # noqa: F811
    report = service.read_report(world.ctx, rounds.round_of(world.ctx, 1).report_cid)
    leaf, proof = rounds.claim_of(world.ctx, 1, report["leaves"][0]["account"])
    root = bytes.fromhex(report["allocations_root"][2:])
    assert verify_proof(root, leaf_hash(1, leaf), [bytes.fromhex(node[2:]) for node in proof])
    with pytest.raises(NotFound, match="no allocation"):
        rounds.claim_of(world.ctx, 1, "0x" + "77" * 20)
    with pytest.raises(NotFound, match="no round 99"):
        rounds.claim_of(world.ctx, 99, leaf.account)


def test_a_node_that_gives_few_blocks_at_once_is_enough(
    forgotten: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public nodes refuse logs over all of the chain's life."""
    real, found = ChainClient.rpc, rounds.round_of(forgotten.ctx, 1)

    def limited(self: ChainClient, method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            asked = params[0]
            if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) > 20:
                raise RpcError(method, -32602, "block range is too large")
        return real(self, method, *params)

    monkeypatch.setattr(ChainClient, "rpc", limited)
    assert rounds.round_of(forgotten.ctx, 1) == found
