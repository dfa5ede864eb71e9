"""What an attacker tries with rounds and challenges; each test says what they get at most.

proposer challenges itself          → nothing: a real challenge beside it takes the bond all the same
proposer floods with challenges     → the same, and its own bonds wait; each costs it a bond of working capital
proposer spams rounds               → one budget per mint interval
proposer vanishes                   → its round goes its way by anybody's hand, its bond waits for it
resolver silent                     → nothing is minted from a disputed report, every bond comes back
stranger challenges without reason  → pays a bond for each round it delays, and delays no other
bootstrap resolver gone bad         → can do nothing once there is stake, and mints nothing before; with the
                                      proposer one false round a day until somebody claims stake
malformed proofs                    → nothing
report gives more than the budget   → the budget, first come first served
guardian blocks its own removal, stake lent for a vote → MeltingPotGovernor
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at, now
from tests.contracts.reverts import reverts
from tests.contracts.stake import (
    ARTISTS,
    BOND,
    LEARNING,
    TOKEN,
    challenge,
    finalised,
    fund,
    leaf,
    mint,
    proposal,
    propose,
    tree_of,
)

BUDGET = 95_000 * TOKEN


@pytest.mark.parametrize("shams", [1, 5])
def test_proposer_challenges_itself_first(system, who, timelock, shams):
    """With one challenge at a time it would have kept everybody else out and got its own bond back."""
    alias = who.other
    round_id, _ = propose(system, who, [(alias, BUDGET)])
    ids = [challenge(system, who, round_id, alias) for _ in range(shams)]
    real = challenge(system, who, round_id)
    system.rounds.resolve(round_id, ids[0], False, {"from": timelock})  # the resolver sees through it
    system.rounds.resolve(round_id, real, True, {"from": timelock})
    for sham in ids[1:]:
        system.rounds.closeChallenge(round_id, sham, {"from": who.relayer})
    for account in (who.proposer, alias, who.challenger):
        system.rounds.claimBond(account, {"from": who.relayer})
    assert system.token.balanceOf(who.challenger) == 2 * BOND
    spent = (1 + shams) * BOND
    assert system.token.balanceOf(who.proposer) + system.token.balanceOf(alias) == spent - BOND
    assert system.stake.totalSupply() == system.token.balanceOf(system.rounds) == 0


def test_sham_challenge_lets_its_time_run_out(system, who):
    """Its lapse rejects the round of its own friend; whoever challenged in earnest loses nothing."""
    round_id, _ = propose(system, who, [(who.other, BUDGET)])
    sham, real = challenge(system, who, round_id, who.other), challenge(system, who, round_id)
    forward(30 * DAY + 2)
    system.rounds.lapse(round_id, sham, {"from": who.other})
    system.rounds.closeChallenge(round_id, real, {"from": who.challenger})
    assert system.rounds.bondOwed(who.challenger) == BOND
    assert system.stake.totalSupply() == 0


def test_proposer_spams_rounds(system, who):
    """Never two budgets in a day, whatever bonds it pays."""
    start = now()
    for count in range(1, 4):
        propose(system, who, [(who.other, BUDGET)])
        assert now() >= start + (count - 1) * DAY
        fund(system, who.proposer, 2 * BOND, system.rounds)
        for _ in range(2):
            with pytest.raises(Exception, match="RoundTooSoon"):
                system.rounds.propose(count + 1, proposal(b"\x55" * 32), {"from": who.proposer})


def test_rejected_rounds_cannot_be_piled_up(system, who, timelock):
    """A proposer who has its own rounds rejected gets a free slot each time, and never one more."""
    first, _ = propose(system, who, [(who.other, BUDGET)])
    for _ in range(3):
        again, _ = propose(system, who, [(who.other, BUDGET)])
        system.rounds.resolve(again, challenge(system, who, again), True, {"from": timelock})
    kept, _ = propose(system, who, [(who.other, BUDGET)])
    assert system.rounds.rounds(kept)[3] - system.rounds.rounds(first)[3] >= DAY
    fund(system, who.proposer, BOND, system.rounds)
    with pytest.raises(Exception, match="RoundTooSoon"):
        system.rounds.propose(kept + 1, proposal(b"\x55" * 32), {"from": who.proposer})


def test_vanished_proposer(system, who, timelock):
    """Even its role can be gone: nothing of the round needs it again."""
    round_id, tree = propose(system, who, [(who.artist, TOKEN), (who.artist2, TOKEN)])
    challenge_id = challenge(system, who, round_id)
    system.rounds.revokeRole(system.rounds.PROPOSER_ROLE(), who.proposer, {"from": timelock})
    system.rounds.resolve(round_id, challenge_id, False, {"from": timelock})
    forward(3 * DAY + 1)
    system.rounds.finalise(round_id, {"from": who.other})
    proof = tree.proof(leaf(round_id, who.artist, TOKEN))
    system.rounds.claim(round_id, ARTISTS, who.artist, TOKEN, proof, {"from": who.other})
    system.rounds.claimBond(who.proposer, {"from": who.other})
    assert system.token.balanceOf(who.proposer) == 2 * BOND


def test_silent_resolver(system, who):
    """Holders who never vote and a bootstrap resolver who never looks: all money back, no stake."""
    round_id, _ = propose(system, who, [(who.artist, BUDGET)])
    ids = [challenge(system, who, round_id, account) for account in (who.challenger, who.other)]
    mine_at(system.rounds.challenges(round_id, ids[0])[1] + 1)
    system.rounds.lapse(round_id, ids[0], {"from": who.relayer})
    system.rounds.closeChallenge(round_id, ids[1], {"from": who.relayer})
    for account in (who.proposer, who.challenger, who.other):
        system.rounds.claimBond(account, {"from": who.relayer})
        assert system.token.balanceOf(account) == BOND
    assert system.stake.totalSupply() == system.token.balanceOf(system.rounds) == 0
    propose(system, who, [(who.artist, BUDGET)])  # and the next may begin


def test_challenges_without_reason(system, who, timelock):
    """Each costs a bond; rounds before and after are claimed meanwhile."""
    mint(system, who, [(who.artist, TOKEN)])
    held, _ = propose(system, who, [(who.artist2, TOKEN)])
    ids = [challenge(system, who, held, who.other) for _ in range(3)]
    mint(system, who, [(who.artist3, TOKEN)])
    assert system.stake.totalSupply() == 2 * TOKEN
    for challenge_id in ids:
        system.rounds.resolve(held, challenge_id, False, {"from": timelock})
    system.rounds.finalise(held, {"from": who.artist2})
    assert system.rounds.bondOwed(who.other) == 0
    assert system.rounds.bondOwed(who.proposer) == (3 + 3) * BOND


def test_bootstrap_resolver_gone_bad(system, who):
    """Before there is stake it can only refuse, or hand a bond to a challenger; it can mint nothing, and take
    nothing that is owed already."""
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    friend = challenge(system, who, round_id, who.other)
    system.rounds.resolve(round_id, friend, True, {"from": who.resolver})
    with pytest.raises(Exception, match="WrongState"):
        system.rounds.resolve(round_id, friend, True, {"from": who.resolver})
    assert system.rounds.bondOwed(who.other) == 2 * BOND == system.token.balanceOf(system.rounds)
    assert system.stake.totalSupply() == 0


def test_bootstrap_resolver_and_proposer(system, who):
    """Not one false round but one in each mint interval: their say ends with the first claim, not with the first
    final round, and who keeps the leaves to themselves are the only ones who can claim."""
    hidden = []
    for _ in range(3):
        round_id, tree = propose(system, who, [(who.other, BUDGET)])
        objection = challenge(system, who, round_id)
        system.rounds.resolve(round_id, objection, False, {"from": who.resolver})
        forward(3 * DAY + 1)
        system.rounds.finalise(round_id, {"from": who.proposer})
        hidden.append((round_id, tree))
    assert system.stake.totalSupply() == 0
    last, _ = propose(system, who, [(who.other, BUDGET)])
    objection = challenge(system, who, last)
    for round_id, tree in hidden:
        proof = tree.proof(leaf(round_id, who.other, BUDGET))
        system.rounds.claim(round_id, ARTISTS, who.other, BUDGET, proof, {"from": who.other})
    assert system.stake.totalSupply() == 3 * BUDGET
    with pytest.raises(Exception, match="AccessControlUnauthorizedAccount"):
        system.rounds.resolve(last, objection, False, {"from": who.resolver})


def test_malformed_proofs(system, who):
    """An inner node for a leaf, the root for a proof, a leaf of the other part's tree below this one's root."""
    shares = [(who.artist, TOKEN), (who.artist2, TOKEN), (who.artist3, TOKEN), (who.other, TOKEN)]
    learning = [(who.artist, 2 * TOKEN), (who.relayer, TOKEN)]
    round_id, tree = finalised(system, who, shares, learning)
    good = tree.proof(leaf(round_id, who.artist, TOKEN))
    below = tree_of(round_id, learning)
    paths = [[], [tree.root], good[::-1], good + [tree.root], [*good[:-1], below.root],
             below.proof(leaf(round_id, who.artist, 2 * TOKEN)) + [tree.root], [keccak(b"")] * 300]
    for path in paths:
        for part, amount in ((ARTISTS, TOKEN), (ARTISTS, 2 * TOKEN), (LEARNING, TOKEN)):
            with reverts("NotAllocated", round_id, part, who.artist, amount):
                system.rounds.claim(round_id, part, who.artist, amount, path, {"from": who.other})


def test_leaf_of_another_round(system, who):
    shares = [(who.artist, TOKEN), (who.artist2, TOKEN)]
    first, tree = finalised(system, who, shares)
    second, _ = finalised(system, who, shares)
    proof = tree.proof(leaf(first, who.artist, TOKEN))
    with reverts("NotAllocated", second, ARTISTS, who.artist, TOKEN):
        system.rounds.claim(second, ARTISTS, who.artist, TOKEN, proof, {"from": who.artist})


def test_report_that_gives_more_than_the_budget(system, who):
    """Whoever claims first gets theirs; the sum never passes the budget."""
    round_id, tree = finalised(system, who, [(who.artist, BUDGET), (who.other, BUDGET)])
    proofs = {a: tree.proof(leaf(round_id, a, BUDGET)) for a in (who.artist, who.other)}
    system.rounds.claim(round_id, ARTISTS, who.artist, BUDGET, proofs[who.artist], {"from": who.other})
    with reverts("MintBudgetExceeded", BUDGET, 0):
        system.rounds.claim(round_id, ARTISTS, who.other, BUDGET, proofs[who.other], {"from": who.other})
    assert system.stake.totalSupply() == BUDGET
