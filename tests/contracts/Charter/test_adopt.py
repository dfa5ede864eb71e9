"""adopt: a text resolution, written by the timelock only (test_permissions) and never removed."""

from tests.contracts.reverts import reverts

TEXT = b"\x41" * 32


def test_recorded(system, timelock):
    tx = system.charter.adopt(TEXT, 77, {"from": timelock})
    assert tx.return_value == system.charter.resolutionCount() == 1
    assert tx.events["ResolutionAdopted"]["proposalId"] == 77
    assert system.charter.adopt(TEXT, 78, {"from": timelock}).return_value == 2
    assert str(system.charter.resolutions(1)[0]) == "0x" + TEXT.hex()
    assert system.charter.resolutions(2)[1] == 78


def test_empty_text(system, timelock):
    with reverts("EmptyText"):
        system.charter.adopt(b"\0" * 32, 77, {"from": timelock})
