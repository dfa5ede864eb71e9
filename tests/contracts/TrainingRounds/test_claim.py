"""claim and claimMany: stake by Merkle proof, by anyone for anyone.

claim
├── round not Finalised → WrongState
├── claimed before → AlreadyClaimed
├── proof, account, amount or round that do not fit → NotAllocated
├── more than the round's mint budget in all → MintBudgetExceeded
└── minted to the account
claimMany
├── lists of different lengths → LengthMismatch
├── an invalid claim among them → all fail
└── minted to all that have not claimed yet
"""

from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, finalised, leaf, propose

BUDGET = 100_000 * TOKEN


def test_minted_to_the_account(system, who):
    round_id, tree = finalised(system, who, [(who.artist, 5 * TOKEN), (who.artist2, 7 * TOKEN)])
    proof = tree.proof(leaf(round_id, who.artist, 5 * TOKEN))
    tx = system.rounds.claim(round_id, who.artist, 5 * TOKEN, proof, {"from": who.relayer})
    assert system.stake.balanceOf(who.artist) == system.stake.totalSupply() == 5 * TOKEN
    assert system.rounds.claimed(round_id, who.artist) and not system.rounds.claimed(round_id, who.artist2)
    assert tx.events["StakeClaimed"]["amount"] == 5 * TOKEN
    with reverts("AlreadyClaimed", round_id, who.artist):
        system.rounds.claim(round_id, who.artist, 5 * TOKEN, proof, {"from": who.relayer})


def test_before_it_is_final(system, who):
    round_id, tree = propose(system, who, [(who.artist, TOKEN)])
    with reverts("WrongState", round_id, 1, 3):
        system.rounds.claim(round_id, who.artist, TOKEN, [], {"from": who.artist})


def test_what_was_not_allocated(system, who):
    shares = [(who.artist, 5 * TOKEN), (who.artist2, 7 * TOKEN), (who.artist3, TOKEN)]
    round_id, tree = finalised(system, who, shares)
    second, _ = finalised(system, who, [(who.other, TOKEN), (who.artist2, TOKEN), (who.artist3, 2 * TOKEN)])
    proof = tree.proof(leaf(round_id, who.artist, 5 * TOKEN))
    for identifier, account, amount, path in [
        (round_id, who.artist, 6 * TOKEN, proof), (round_id, who.other, 5 * TOKEN, proof),
        (round_id, who.artist, 5 * TOKEN, proof[:-1]), (round_id, who.artist, 5 * TOKEN, []),
        (second, who.artist, 5 * TOKEN, proof),
    ]:
        with reverts("NotAllocated", identifier, account, amount):
            system.rounds.claim(identifier, account, amount, path, {"from": who.relayer})


def test_mint_budget(system, who):
    round_id, tree = finalised(system, who, [(who.artist, BUDGET - 1), (who.artist2, 2)])
    system.rounds.claim(round_id, who.artist, BUDGET - 1, tree.proof(leaf(round_id, who.artist, BUDGET - 1)),
                        {"from": who.relayer})
    with reverts("MintBudgetExceeded", 2, 1):
        system.rounds.claim(round_id, who.artist2, 2, tree.proof(leaf(round_id, who.artist2, 2)),
                            {"from": who.relayer})


def test_the_projects_own_contracts_get_nothing(system, who):
    round_id, tree = finalised(system, who, [(system.market.address, 5), (who.artist, 6)])
    with reverts("HolderRefused", system.market):
        system.rounds.claim(round_id, system.market, 5, tree.proof(leaf(round_id, system.market, 5)),
                            {"from": who.relayer})


def test_many_skips_what_is_claimed(system, who):
    shares = [(who.artist, 5), (who.artist2, 7), (who.artist3, 9)]
    round_id, tree = finalised(system, who, shares)
    proofs = [tree.proof(leaf(round_id, a, n)) for a, n in shares]
    system.rounds.claim(round_id, who.artist2, 7, proofs[1], {"from": who.other})
    accounts, amounts = zip(*shares)
    system.rounds.claimMany(round_id, accounts, amounts, proofs, {"from": who.relayer})
    assert [system.stake.balanceOf(a) for a in accounts] == [5, 7, 9]
    assert system.rounds.rounds(round_id).dict()["minted"] == 21


def test_many_all_or_none(system, who):
    round_id, tree = finalised(system, who, [(who.artist, 5), (who.artist2, 7)])
    proofs = [tree.proof(leaf(round_id, who.artist, 5)), []]
    with reverts("NotAllocated", round_id, who.artist2, 7):
        system.rounds.claimMany(round_id, [who.artist, who.artist2], [5, 7], proofs, {"from": who.relayer})
    with reverts("LengthMismatch", 2, 1, 2):
        system.rounds.claimMany(round_id, [who.artist, who.artist2], [5], proofs, {"from": who.relayer})
