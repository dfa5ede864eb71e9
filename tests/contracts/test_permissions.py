"""Who may call what: one table. All else is for anyone, bounded by money, time, proof or signature."""

from pathlib import Path

import brownie
import pytest

from tests.contracts.clock import DAY
from tests.contracts.orders import delivery
from tests.contracts.prepaid import settlement
from tests.contracts.rules import FIRST
from tests.contracts.stake import proposal

HASH = b"\x51" * 32
ROLE = "AccessControlUnauthorizedAccount"
OWNER = "OwnableUnauthorizedAccount"
GOVERNANCE = "GovernorOnlyExecutor"
EVERYBODY = ("deployer operator proposer guardian resolver platform buyer other timelock market pool rounds stake "
             "prepaid generation_token governor disputes").split()
# contract, function, arguments, who may, the error that others get (None: whoever may not gets a role error)
TABLE = [
    ("market", "fulfil", lambda w: delivery(HASH), {"operator"}, ROLE),
    ("market", "fulfilMany", lambda w: ([], []), {"operator"}, ROLE),
    ("market", "setPayees", lambda w: (w.other, w.other, w.other), {"timelock"}, ROLE),
    ("market", "payHolder", lambda w: (w.other, 0, True), {"pool"}, "NotPool"),
    ("market", "pause", lambda w: (), {"guardian"}, ROLE),
    ("market", "unpause", lambda w: (), {"guardian", "timelock"}, ROLE),
    ("market", "grantRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("market", "revokeRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("prepaid", "settle", lambda w: (settlement(), []), {"operator"}, "NotOperator"),
    ("generation_token", "setRoyalty", lambda w: (1,), {"timelock"}, OWNER),
    ("generation_token", "transferOwnership", lambda w: (w.other,), {"timelock"}, OWNER),
    ("generation_token", "renounceOwnership", lambda w: (), {"timelock"}, OWNER),
    ("rounds", "propose", lambda w: (1, proposal(HASH)), {"proposer"}, ROLE),
    ("rounds", "resolve", lambda w: (1, 1, True), {"timelock", "resolver"}, ROLE),
    ("rounds", "grantRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("rounds", "revokeRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("registry", "moveWork", lambda w: (HASH, w.other), {"disputes"}, "NotDisputes"),
    ("registry", "revokeWork", lambda w: (HASH,), {"disputes"}, "NotDisputes"),
    ("disputes", "decide", lambda w: (1, True), {"timelock"}, ROLE),
    ("disputes", "decideAppeal", lambda w: (1, True), {"timelock"}, ROLE),
    ("disputes", "grantRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("disputes", "revokeRole", lambda w: (HASH, w.other), {"timelock"}, ROLE),
    ("rules", "adopt", lambda w: (FIRST,), {"timelock"}, OWNER),
    ("rules", "transferOwnership", lambda w: (w.other,), {"timelock"}, OWNER),
    ("rules", "renounceOwnership", lambda w: (), {"timelock"}, OWNER),
    ("charter", "adopt", lambda w: (HASH, HASH), {"timelock"}, OWNER),
    ("charter", "transferOwnership", lambda w: (w.other,), {"timelock"}, OWNER),
    ("charter", "renounceOwnership", lambda w: (), {"timelock"}, OWNER),
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
    ("pool", "notify", lambda w: (1,), {"market"}, "NotMarket"),
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


# What says in a function's source that not everybody may call it.
GUARDS = ("onlyRole", "onlyOwner", "_checkRole(", "revert NotPool", "revert NotMarket", "revert NotStakeToken",
          "revert NotRounds", "revert NotOperator", "onlyGovernance", "revert NotDisputes", "onlyDisputes")
# Abstract parts stand in files of their own.
PARTS = {"MarketLedger": "market", "OrderEscrow": "market", "RoundChallenges": "rounds", "WorkRecords": "registry",
         "ArtistPayees": "registry"}


def test_every_guarded_function_is_in_the_table(system):
    """What a role, an owner or another contract guards in the source must stand in the table above."""
    listed = {(row[0], row[1]) for row in TABLE}
    names = {getattr(system, name)._name: name for name in (
        "market", "prepaid", "generation_token", "rounds", "rules", "charter", "registry", "pool", "stake",
        "governor", "disputes")}
    for file, name in {**names, **PARTS}.items():
        source = Path(f"contracts/{file}.sol").read_text()
        for part in source.split("function ")[1:]:
            header = part.split("(")[0], part.split("{")[0].split(")", 1)[1]
            public = "external" in header[1] or "public" in header[1]
            if public and any(guard in part for guard in GUARDS):
                assert (name, header[0]) in listed
