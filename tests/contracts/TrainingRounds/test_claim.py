"""claim and claimMany: stake by Merkle proof, by anyone for anyone, in the part that the caller names.

claim
├── round not Finalised → WrongState
├── claimed before in this part → AlreadyClaimed
├── proof, account, amount, part or round that do not fit → NotAllocated
│   └── a part without a root: nothing fits
├── more than the part's budget in all → MintBudgetExceeded, whatever the other part has left
└── minted to the account
    └── which may have one leaf in each part
claimMany
├── lists of different lengths → LengthMismatch
├── an invalid claim among them → all fail
└── minted to all that have not claimed yet
"""

import pytest

from tests.contracts.reverts import reverts
from tests.contracts.stake import (
    ARTISTS,
    FINALISED,
    LEARNING,
    PROPOSED,
    TOKEN,
    finalised,
    leaf,
    propose,
    tree_of,
)

DATA_BUDGET, LEARNING_BUDGET = 95_000 * TOKEN, 5_000 * TOKEN


def test_minted_to_the_account(system, who):
    round_id, tree = finalised(system, who, [(who.artist, 5 * TOKEN), (who.artist2, 7 * TOKEN)])
    proof = tree.proof(leaf(round_id, who.artist, 5 * TOKEN))
    tx = system.rounds.claim(round_id, ARTISTS, who.artist, 5 * TOKEN, proof, {"from": who.relayer})
    assert system.stake.balanceOf(who.artist) == system.stake.totalSupply() == 5 * TOKEN
    assert system.rounds.claimed(round_id, ARTISTS, who.artist)
    assert not system.rounds.claimed(round_id, ARTISTS, who.artist2)
    assert (tx.events["StakeClaimed"]["part"], tx.events["StakeClaimed"]["amount"]) == (ARTISTS, 5 * TOKEN)
    with reverts("AlreadyClaimed", round_id, ARTISTS, who.artist):
        system.rounds.claim(round_id, ARTISTS, who.artist, 5 * TOKEN, proof, {"from": who.relayer})


def test_before_it_is_final(system, who):
    round_id, tree = propose(system, who, [(who.artist, TOKEN)])
    with reverts("WrongState", round_id, PROPOSED, FINALISED):
        system.rounds.claim(round_id, ARTISTS, who.artist, TOKEN, [], {"from": who.artist})


def test_what_was_not_allocated(system, who):
    shares = [(who.artist, 5 * TOKEN), (who.artist2, 7 * TOKEN), (who.artist3, TOKEN)]
    round_id, tree = finalised(system, who, shares)
    second, _ = finalised(system, who, [(who.other, TOKEN), (who.artist2, TOKEN), (who.artist3, 2 * TOKEN)])
    proof = tree.proof(leaf(round_id, who.artist, 5 * TOKEN))
    for identifier, account, amount, path in [
        (round_id, who.artist, 6 * TOKEN, proof), (round_id, who.other, 5 * TOKEN, proof),
        (round_id, who.artist, 5 * TOKEN, proof[:-1]), (round_id, who.artist, 5 * TOKEN, []),
        (second, who.artist, 5 * TOKEN, proof), (round_id, who.artist, 5 * TOKEN, proof + proof[-1:]),
    ]:
        with reverts("NotAllocated", identifier, ARTISTS, account, amount):
            system.rounds.claim(identifier, ARTISTS, account, amount, path, {"from": who.relayer})


def test_one_leaf_in_each_part(system, who):
    """The artist who also wrote captions; the very same leaf stands in both trees."""
    learning = [(who.artist, 5 * TOKEN), (who.artist2, TOKEN)]
    round_id, tree = finalised(system, who, [(who.artist, 5 * TOKEN), (who.artist3, 9 * TOKEN)], learning)
    proofs = [t.proof(leaf(round_id, who.artist, 5 * TOKEN)) for t in (tree, tree_of(round_id, learning))]
    system.rounds.claim(round_id, LEARNING, who.artist, 5 * TOKEN, proofs[1], {"from": who.relayer})
    with reverts("AlreadyClaimed", round_id, LEARNING, who.artist):
        system.rounds.claim(round_id, LEARNING, who.artist, 5 * TOKEN, proofs[1], {"from": who.relayer})
    system.rounds.claim(round_id, ARTISTS, who.artist, 5 * TOKEN, proofs[0], {"from": who.relayer})
    assert system.stake.balanceOf(who.artist) == 10 * TOKEN
    assert [system.rounds.mintParts(round_id, part)[2] for part in (ARTISTS, LEARNING)] == [5 * TOKEN] * 2


@pytest.mark.parametrize("learning_too", [True, False])
def test_leaf_of_one_part_in_the_other(system, who, learning_too):
    learning = [(who.artist2, 4 * TOKEN), (who.other, 1)]
    shares = [(who.artist, 5 * TOKEN), (who.artist3, 9 * TOKEN)]
    round_id, tree = finalised(system, who, shares, learning if learning_too else ())
    proof = tree.proof(leaf(round_id, who.artist, 5 * TOKEN))
    with reverts("NotAllocated", round_id, LEARNING, who.artist, 5 * TOKEN):
        system.rounds.claim(round_id, LEARNING, who.artist, 5 * TOKEN, proof, {"from": who.relayer})
    path = tree_of(round_id, learning).proof(leaf(round_id, who.artist2, 4 * TOKEN))
    with reverts("NotAllocated", round_id, ARTISTS, who.artist2, 4 * TOKEN):
        system.rounds.claim(round_id, ARTISTS, who.artist2, 4 * TOKEN, path, {"from": who.relayer})


@pytest.mark.parametrize("part, budget", [(ARTISTS, DATA_BUDGET), (LEARNING, LEARNING_BUDGET)])
def test_budget_of_the_part(system, who, part, budget):
    """Neither may use what the other has left."""
    shares = [(who.artist, budget - 1), (who.artist2, 2)]
    others = [(who.artist, 1), (who.artist3, 1)]
    parts = (shares, others) if part == ARTISTS else (others, shares)
    round_id, _ = finalised(system, who, *parts)
    tree = tree_of(round_id, shares)
    proofs = [tree.proof(leaf(round_id, account, amount)) for account, amount in shares]
    system.rounds.claim(round_id, part, who.artist, budget - 1, proofs[0], {"from": who.relayer})
    with reverts("MintBudgetExceeded", 2, 1):
        system.rounds.claim(round_id, part, who.artist2, 2, proofs[1], {"from": who.relayer})


def test_the_projects_own_contracts_get_nothing(system, who):
    round_id, tree = finalised(system, who, [(system.market.address, 5), (who.artist, 6)])
    proof = tree.proof(leaf(round_id, system.market, 5))
    with reverts("HolderRefused", system.market):
        system.rounds.claim(round_id, ARTISTS, system.market, 5, proof, {"from": who.relayer})


@pytest.mark.parametrize("part", [ARTISTS, LEARNING])
def test_many_skips_what_is_claimed(system, who, part):
    shares, others = [(who.artist, 5), (who.artist2, 7), (who.artist3, 9)], [(who.other, 1)]
    round_id, _ = finalised(system, who, *((shares, others) if part == ARTISTS else (others, shares)))
    tree = tree_of(round_id, shares)
    proofs = [tree.proof(leaf(round_id, a, n)) for a, n in shares]
    system.rounds.claim(round_id, part, who.artist2, 7, proofs[1], {"from": who.other})
    accounts, amounts = zip(*shares)
    system.rounds.claimMany(round_id, part, accounts, amounts, proofs, {"from": who.relayer})
    assert [system.stake.balanceOf(a) for a in accounts] == [5, 7, 9]
    assert system.rounds.mintParts(round_id, part)[2] == 21


def test_many_all_or_none(system, who):
    round_id, tree = finalised(system, who, [(who.artist, 5), (who.artist2, 7)])
    proofs = [tree.proof(leaf(round_id, who.artist, 5)), []]
    accounts = [who.artist, who.artist2]
    with reverts("NotAllocated", round_id, ARTISTS, who.artist2, 7):
        system.rounds.claimMany(round_id, ARTISTS, accounts, [5, 7], proofs, {"from": who.relayer})
    with reverts("LengthMismatch", 2, 1, 2):
        system.rounds.claimMany(round_id, ARTISTS, accounts, [5], proofs, {"from": who.relayer})
