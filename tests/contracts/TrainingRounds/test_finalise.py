"""finalise and claimBond.

finalise
├── round not Proposed → WrongState
├── within the window → WindowOpen
└── Finalised by anyone, the bond owed to the proposer, RoundFinalised with the mint budget
claimBond
├── nothing owed → nothing happens
└── paid to the account, whoever asks
"""

from tests.contracts.clock import next_at
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, TOKEN, finalised, propose


def test_after_the_window(system, who):
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    next_at(ends)
    with reverts("WindowOpen", ends, ends):
        system.rounds.finalise(round_id, {"from": who.other})
    next_at(ends + 1)
    tx = system.rounds.finalise(round_id, {"from": who.other})
    assert tx.events["RoundFinalised"]["mintBudget"] == 100_000 * TOKEN
    assert system.rounds.bondOwed(who.proposer) == BOND
    with reverts("WrongState", round_id, 3, 1):
        system.rounds.finalise(round_id, {"from": who.other})


def test_unknown_round(system, who):
    with reverts("WrongState", 1, 0, 1):
        system.rounds.finalise(1, {"from": who.other})


def test_claim_bond(system, who):
    finalised(system, who, [(who.artist, TOKEN)])
    system.rounds.claimBond(who.proposer, {"from": who.other})
    assert system.token.balanceOf(who.proposer) == BOND
    assert system.rounds.bondOwed(who.proposer) == 0
    assert "BondClaimed" not in system.rounds.claimBond(who.proposer, {"from": who.other}).events
