"""finalise and claimBond.

finalise
├── round not Proposed → WrongState
├── within the window → WindowOpen
├── a challenge is open → ChallengesOpen; once the last is refused → as below (test_resolve)
└── Finalised by anyone, the bond owed to the proposer, RoundFinalised with the mint budget
claimBond
├── nothing owed → nothing happens
└── paid to the account, whoever asks
"""

from tests.contracts.clock import DAY, forward, next_at
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, FINALISED, PROPOSED, TOKEN, challenge, finalised, propose


def test_after_the_window(system, who):
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    next_at(ends)
    with reverts("WindowOpen", ends, ends):
        system.rounds.finalise(round_id, {"from": who.other})
    next_at(ends + 1)
    tx = system.rounds.finalise(round_id, {"from": who.other})
    assert tx.events["RoundFinalised"]["mintBudget"] == 95_000 * TOKEN  # no learning contributors
    assert system.rounds.bondOwed(who.proposer) == BOND
    with reverts("WrongState", round_id, FINALISED, PROPOSED):
        system.rounds.finalise(round_id, {"from": who.other})


def test_budget_of_both_parts(system, who):
    round_id, _ = propose(system, who, [(who.artist, TOKEN)], [(who.artist2, TOKEN)])
    forward(3 * DAY + 1)
    tx = system.rounds.finalise(round_id, {"from": who.other})
    assert tx.events["RoundFinalised"]["mintBudget"] == 100_000 * TOKEN


def test_challenges_open(system, who, timelock):
    """The last one refused lets anyone finalise, however late that is."""
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    ids = [challenge(system, who, round_id) for _ in range(2)]
    forward(3 * DAY + 1)
    for left, challenge_id in zip((2, 1), ids):
        with reverts("ChallengesOpen", round_id, left):
            system.rounds.finalise(round_id, {"from": who.other})
        system.rounds.resolve(round_id, challenge_id, False, {"from": timelock})
    system.rounds.finalise(round_id, {"from": who.other})


def test_unknown_round(system, who):
    with reverts("WrongState", 1, 0, PROPOSED):
        system.rounds.finalise(1, {"from": who.other})


def test_claim_bond(system, who):
    finalised(system, who, [(who.artist, TOKEN)])
    system.rounds.claimBond(who.proposer, {"from": who.other})
    assert system.token.balanceOf(who.proposer) == BOND
    assert system.rounds.bondOwed(who.proposer) == 0
    assert "BondClaimed" not in system.rounds.claimBond(who.proposer, {"from": who.other}).events
