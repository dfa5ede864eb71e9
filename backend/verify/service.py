"""All checks of a stranger: chain and IPFS in, findings out. The database is never opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from backend.chain.client import RpcError
from backend.errors import ChainUnavailable
from backend.verify.checks import Check, Findings
from backend.verify.code import check_code
from backend.verify.facts import Facts, read_facts
from backend.verify.governance import check_governance
from backend.verify.money import check_money
from backend.verify.pool import check_pool
from backend.verify.prepaid import check_prepaid
from backend.verify.retraining import check_retrainings
from backend.verify.sales import check_sales
from backend.verify.stake import check_stake
from backend.verify.tokens import check_tokens
from backend.verify.training import check_rounds
from backend.verify.wiring import check_wiring
from backend.verify.works import check_works

if TYPE_CHECKING:
    from backend.context import Context

Progress = Callable[[str, int, int], None]


def verify(
    ctx: Context,
    quick: bool = False,
    progress: Progress | None = None,
    tell: Callable[[Check], None] | None = None,
    retrain: int = 0,
) -> list[Check]:
    """Recompute everything from RPC, IPFS and the deployment file. `quick` fetches the files of a sample of
    works only; `retrain`: how many of the published retrainings to repeat.

    `tell` gets each check as it is made. Raises only when the chain or IPFS does not answer at all.
    """
    told = progress or (lambda stage, done, total: None)
    findings = Findings(tell)
    try:
        facts = read_facts(ctx)
        _check_all(facts, findings, quick, told)
        if retrain:
            findings.guard(
                "The retrainings can be repeated",
                lambda: check_retrainings(facts, findings, retrain, told),
            )
    except RpcError as error:
        raise ChainUnavailable(
            error.message,
            "Verify reads all logs since the deployment and the state of one block for minutes: point "
            "MELTINGPOT_CHAIN_RPC_URL to a node that keeps both (an archive node).",
        ) from error
    return findings.checks


def _check_all(facts: Facts, findings: Findings, quick: bool, told: Progress) -> None:
    groups: list[tuple[str, Callable[[], None]]] = [
        ("The code can be compared", lambda: check_code(facts, findings)),
        ("The wiring can be read", lambda: check_wiring(facts, findings)),
        ("The works can be read", lambda: check_works(facts, findings, quick, told)),
        ("The rounds can be read", lambda: check_rounds(facts, findings)),
        ("The stake can be read", lambda: check_stake(facts, findings)),
        ("The sales can be read", lambda: check_sales(facts, findings)),
        ("The prepaid sales can be read", lambda: check_prepaid(facts, findings)),
        ("The tokens can be read", lambda: check_tokens(facts, findings)),
        ("The money can be read", lambda: check_money(facts, findings)),
        ("The revenue pool can be read", lambda: check_pool(facts, findings)),
        ("The votes can be read", lambda: check_governance(facts, findings)),
    ]
    for number, (name, group) in enumerate(groups, start=1):
        findings.guard(name, group)
        told("checks", number, len(groups))
