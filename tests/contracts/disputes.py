"""A disputed work and the steps of a dispute, as the tests need them."""

from types import SimpleNamespace
from typing import Any

import brownie

from tests.contracts.clock import DAY, next_at, now
from tests.contracts.stake import BOND, fund
from tests.contracts.works import work

AUTHORSHIP, REVOCATION = 0, 1
NONE, OPEN, ANSWERED, DECIDED, APPEALED, FINAL, CLOSED = range(7)
ANSWER, DECISION, APPEAL = 7 * DAY, 30 * DAY, 7 * DAY
EVIDENCE = b"\x77" * 32
CONTENT = work(1)[0]


def register(system: SimpleNamespace, artist: Any, n: int = 1) -> bytes:
    """The n-th work, registered by `artist`, who consents."""
    system.registry.register([work(n)], {"from": artist})
    return work(n)[0]


def opened(system: SimpleNamespace, claimant: Any, content: bytes = CONTENT, kind: int = AUTHORSHIP) -> int:
    """The id of a new dispute of `claimant`, who has and approves the bond."""
    fund(system, claimant, BOND, system.disputes)
    return system.disputes.open(content, kind, EVIDENCE, {"from": claimant}).return_value


def answered(system: SimpleNamespace, dispute: int, respondent: Any) -> None:
    fund(system, respondent, BOND, system.disputes)
    system.disputes.answer(dispute, EVIDENCE, {"from": respondent})


def decided(system: SimpleNamespace, dispute: int, upheld: bool) -> None:
    """By the timelock; waits for the end of the answer period where the dispute is not answered."""
    if view(system, dispute)["state"] == OPEN:
        after(view(system, dispute)["until"])
    system.disputes.decide(dispute, upheld, {"from": resolver(system)})


def appealed(system: SimpleNamespace, dispute: int, loser: Any) -> None:
    fund(system, loser, BOND, system.disputes)
    system.disputes.appeal(dispute, EVIDENCE, {"from": loser})


def executed(system: SimpleNamespace, dispute: int, sender: Any) -> Any:
    """The transaction; waits for the end of the appeal period, or of the appeal's."""
    if view(system, dispute)["state"] != FINAL:
        after(view(system, dispute)["until"])
    return system.disputes.execute(dispute, {"from": sender})


def after(until: int) -> None:
    """The next block is the first after `until`, or any where that has passed."""
    next_at(max(until, now()) + 1)


def view(system: SimpleNamespace, dispute: int) -> dict[str, Any]:
    """The dispute by its fields' names."""
    names = ("claimant until kind state upheld respondent rulesVersion claimantBond respondentBond "
             "contentHash").split()
    return dict(zip(names, system.disputes.disputeOf(dispute), strict=True))


def resolver(system: SimpleNamespace) -> Any:
    return brownie.accounts.at(system.timelock.address, force=True)


def assert_bonds(system: SimpleNamespace, *accounts: Any) -> None:
    """What the contract holds is what open disputes hold and the accounts are owed, to the unit."""
    disputes = [view(system, i) for i in range(1, system.disputes.nextDisputeId())]
    held = sum(d["claimantBond"] + d["respondentBond"] for d in disputes)
    owed = sum(system.disputes.bondOwed(account) for account in accounts)
    assert system.token.balanceOf(system.disputes) == held + owed
