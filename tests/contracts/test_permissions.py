"""Who may call what: one table. All else is for anyone, bounded by money, time, proof or signature."""

import brownie
import pytest

from tests.contracts.clock import DAY
from tests.contracts.orders import fulfilment, order
from tests.contracts.rules import FIRST
from tests.contracts.stake import proposal

HASH = b"\x51" * 32
ROLE = "AccessControlUnauthorizedAccount"
OWNER = "OwnableUnauthorizedAccount"
GOVERNANCE = "GovernorOnlyExecutor"
EVERYBODY = ("deployer operator proposer guardian resolver platform other "
             "timelock market rounds stake governor").split()
# contract, function, arguments, who may, the error that others get (None: whoever may not gets a role error)
TABLE = [
    ("market", "fulfil", lambda w: (order(w.buyer), fulfilment()), {"operator"}, ROLE),
    ("market", "fulfilMany", lambda w: ([], []), {"operator"}, ROLE),
    ("market", "setPayees", lambda w: (w.other, w.other, w.other), {"timelock"}, ROLE),
    ("market", "pause", lambda w: (), {"guardian"}, ROLE),
    ("market", "unpause", lambda w: (), {"guardian", "timelock"}, ROLE),
    ("market", "grantRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("market", "revokeRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("rounds", "propose", lambda w: (1, proposal(HASH)), {"proposer"}, ROLE),
    ("rounds", "resolve", lambda w: (1, 1, True), {"timelock", "resolver"}, ROLE),
    ("rounds", "grantRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("rounds", "revokeRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("rules", "adopt", lambda w: (FIRST,), {"timelock"}, OWNER),
    ("rules", "transferOwnership", lambda w: (w.other,), {"timelock"}, OWNER),
    ("rules", "renounceOwnership", lambda w: (), {"timelock"}, OWNER),
    ("charter", "adopt", lambda w: (HASH, HASH), {"timelock"}, OWNER),
    ("charter", "transferOwnership", lambda w: (w.other,), {"timelock"}, OWNER),
    ("governor", "setGuardian", lambda w: (w.other,), {"timelock"}, GOVERNANCE),
    ("governor", "setVotingDelay", lambda w: (1,), {"timelock"}, GOVERNANCE),
    ("governor", "setVotingPeriod", lambda w: (1,), {"timelock"}, GOVERNANCE),
    ("governor", "setProposalThreshold", lambda w: (1,), {"timelock"}, GOVERNANCE),
    ("governor", "updateQuorumNumerator", lambda w: (1,), {"timelock"}, GOVERNANCE),
    ("governor", "setLateQuorumVoteExtension", lambda w: (1,), {"timelock"}, GOVERNANCE),
    ("governor", "updateTimelock", lambda w: (w.other,), {"timelock"}, GOVERNANCE),
    ("governor", "relay", lambda w: (w.other, 0, b""), {"timelock"}, GOVERNANCE),
    ("timelock", "grantRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("timelock", "revokeRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("timelock", "updateDelay", lambda w: (1,), {"timelock"}, "TimelockUnauthorizedCaller"),
    ("timelock", "schedule", lambda w: (w.other, 0, b"", HASH, HASH, 2 * DAY), {"governor"}, ROLE),
    ("timelock", "cancel", lambda w: (HASH,), {"governor"}, ROLE),
    ("stake", "mint", lambda w: (w.other, 1), {"rounds"}, "NotRounds"),
    ("pool", "deposit", lambda w: (1,), {"market"}, "NotMarket"),
    ("pool", "settle", lambda w: (w.other, w.other), {"stake"}, "NotStakeToken"),
]


@pytest.mark.parametrize("contract, function, arguments, allowed, refusal", TABLE,
                         ids=[f"{row[0]}.{row[1]}" for row in TABLE])
def test_who_may_call(system, who, contract, function, arguments, allowed, refusal):
    call = getattr(getattr(system, contract), function).call
    for name in EVERYBODY:
        caller = getattr(who, name, None) or getattr(system, name)
        try:
            call(*arguments(who), {"from": caller})
        except brownie.exceptions.VirtualMachineError as error:
            refused = str(error.revert_msg).startswith(refusal)
            assert refused != (name in allowed), f"{name}: {error.revert_msg}"
        else:
            assert name in allowed, f"{name} may call {contract}.{function}"


def test_every_guarded_function_is_in_the_table(system):
    """A function that a role or an owner guards in the source must stand in the table above."""
    listed = {(row[0], row[1]) for row in TABLE}
    for name in ("market", "rounds", "rules", "charter", "registry", "pool", "stake", "governor"):
        contract = getattr(system, name)
        source = system.project.dict()[contract._name]._build["source"]
        for part in source.split("function ")[1:]:
            header = part.split("{")[0]
            if any(word in header for word in ("onlyRole", "onlyOwner", "onlyGovernance")):
                assert (name, header.split("(")[0]) in listed
