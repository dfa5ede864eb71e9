"""Steps of a round on the real contract: early finalise, challenge, claim in batches and by oneself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.chain.client import ChainClient, RpcError
from backend.errors import Conflict, NotFound
from backend.training import rounds, service
from backend.training.merkle import leaf_hash, verify_proof
from backend.training.rounds import StaleReport, WindowOpen
from tests.backend.sales_world import World, world  # noqa: F401


@pytest.fixture
def forgotten(world: World) -> Iterator[World]:  # noqa: F811
    """What a test sends to the chain is undone afterwards."""
    snapshot = world.ctx.client.rpc("evm_snapshot")
    yield world
    world.ctx.client.rpc("evm_revert", snapshot)


@pytest.fixture
def second_report(forgotten: World) -> str:
    """CID of round 1's report, rewritten for the next round under the rules in force by now."""
    from backend.training.report import tree_of

    report = dict(service.read_report(forgotten.ctx, rounds.round_of(forgotten.ctx, 1).report_cid))
    report["round_id"] = forgotten.ctx.contracts.rounds.functions.nextRoundId().call()
    version = forgotten.ctx.contracts.rules.functions.currentVersion().call()
    report["mint"] = {**report["mint"], "rules_version": version}
    report["allocations_root"] = "0x" + tree_of(report).root.hex()
    return forgotten.ctx.documents.put(report)


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


def test_a_challenge_freezes_the_round(forgotten: World, second_report: str) -> None:
    round_id = rounds.propose(forgotten.ctx, second_report)
    account = service.read_report(forgotten.ctx, second_report)["leaves"][0]["account"]
    forgotten.ctx.client.fund(forgotten.ctx.wallets.address("challenger"))
    evidence = rounds.challenge(forgotten.ctx, round_id, account, {"statement": "counted twice"})
    assert forgotten.ctx.documents.get(evidence, "meltingpot/evidence@1")["account"] == account
    with pytest.raises(Conflict, match="challenged"):
        rounds.finalise(forgotten.ctx, round_id, advance_time=True)


def test_a_challenge_that_nobody_decides_lapses(forgotten: World, second_report: str) -> None:
    round_id = rounds.propose(forgotten.ctx, second_report)
    with pytest.raises(Conflict, match="only an open challenge"):
        rounds.lapse(forgotten.ctx, round_id)
    account = service.read_report(forgotten.ctx, second_report)["leaves"][0]["account"]
    forgotten.ctx.client.fund(forgotten.ctx.wallets.address("challenger"))
    rounds.challenge(forgotten.ctx, round_id, account, {"statement": "counted twice"})
    balance = forgotten.ctx.contracts.token.functions.balanceOf
    wallets = [forgotten.ctx.wallets.address(name) for name in ("proposer", "challenger")]
    before = [balance(wallet).call() for wallet in wallets]
    with pytest.raises(WindowOpen, match="may still be decided for (30 d 0|29 d 23) h"):
        rounds.lapse(forgotten.ctx, round_id)
    rounds.lapse(forgotten.ctx, round_id, advance_time=True)
    assert rounds.round_of(forgotten.ctx, round_id).state == "rejected"
    assert all(balance(wallet).call() > had for wallet, had in zip(wallets, before, strict=True))


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
