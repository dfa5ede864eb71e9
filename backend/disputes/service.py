"""Reading disputes from the index, and the steps of one on the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from backend.chain import bonds
from backend.chain.batch import call_many
from backend.chain.bonds import approve_bond
from backend.cursors import block_of
from backend.disputes.tables import Dispute
from backend.errors import NotFound, UsageError
from backend.governance.rules import Rules
from backend.storage.cid import cid_of_digest, digest_of

if TYPE_CHECKING:
    from backend.chain.transactions import Sender
    from backend.context import Context

KINDS = ("authorship", "revocation")  # by IWorkDisputes.Kind
RELAYER = "relayer"  # pays the gas of what anybody may call
STATEMENT_SCHEMA = "meltingpot/statement@1"


def list_disputes(
    ctx: Context, content_hash: str | None, state: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """(page, cursor of the next page or None), newest first. Raises UsageError for a cursor that is none of
    ours."""
    query = select(Dispute)
    if content_hash is not None:
        query = query.where(Dispute.content_hash == content_hash)
    if state is not None:
        query = query.where(Dispute.state == state)
    if cursor is not None:
        before = block_of(cursor)
        if before is None:
            raise UsageError("The cursor is not one that this API gave out.", "Ask again without a cursor.")
        query = query.where(Dispute.dispute_id < before)
    with ctx.sessions() as session:
        rows = session.scalars(query.order_by(Dispute.dispute_id.desc()).limit(limit + 1)).all()
    following = str(rows[limit - 1].dispute_id) if len(rows) > limit else None
    return [dispute_json(row) for row in rows[:limit]], following


def find_dispute(ctx: Context, dispute_id: int) -> dict[str, Any]:
    """One dispute. Raises NotFound."""
    with ctx.sessions() as session:
        row = session.get(Dispute, dispute_id)
    if row is None:
        raise NotFound(
            f"There is no dispute {dispute_id} (yet).", "Wait for the indexer, or check the number."
        )
    return dispute_json(row)


def dispute_json(row: Dispute) -> dict[str, Any]:
    """A dispute as the API shows it."""
    return {
        "dispute_id": row.dispute_id,
        "content_hash": row.content_hash,
        "kind": row.kind,
        "claimant": row.claimant,
        "respondent": row.respondent,
        "state": row.state,
        "upheld": row.upheld,
        "evidence_cid": cid_of_digest(row.evidence_digest),
        "answer_cid": cid_of_digest(row.answer_digest) if row.answer_digest else None,
        "appeal_cid": cid_of_digest(row.appeal_digest) if row.appeal_digest else None,
        "until": row.until or None,
        "claimant_bond": str(row.claimant_bond),
        "respondent_bond": str(row.respondent_bond),
        "opened_at": row.opened_at,
        "block_number": row.block_number,
    }


def publish_evidence(ctx: Context, account: str, text: str) -> str:
    """CID of a document `statement@1` with an account's words."""
    return ctx.documents.put({"schema": STATEMENT_SCHEMA, "account": account, "text": text})


def open_dispute(ctx: Context, account: LocalAccount, content_hash: str, kind: str, evidence_cid: str) -> int:
    """Opens a dispute about a registered work with the bond of the rules in force; its id. Raises
    ContractReverted, InputRefused without the bond."""
    contract, sender = ctx.contracts.disputes, ctx.sender(account)
    _approve(ctx, sender, ctx.contracts.rules.functions.currentVersion().call())
    call = contract.functions.open(bytes.fromhex(content_hash[2:]), KINDS.index(kind), _digest(evidence_cid))
    return int(_first(contract.events.DisputeOpened, sender.send(call))["disputeId"])


def answer(ctx: Context, account: LocalAccount, dispute_id: int, evidence_cid: str) -> None:
    """The respondent's answer, with its bond. Raises as open_dispute."""
    _with_bond(ctx, account, dispute_id, ctx.contracts.disputes.functions.answer, evidence_cid)


def appeal(ctx: Context, account: LocalAccount, dispute_id: int, evidence_cid: str) -> None:
    """Takes a ruling to the timelock, with one more bond. Raises as open_dispute."""
    _with_bond(ctx, account, dispute_id, ctx.contracts.disputes.functions.appeal, evidence_cid)


def execute(ctx: Context, dispute_id: int) -> None:
    """Carries out a final ruling; the relayer pays the gas. Raises ContractReverted."""
    ctx.sender(RELAYER).send(ctx.contracts.disputes.functions.execute(dispute_id))


def lapse(ctx: Context, dispute_id: int) -> None:
    """Ends a dispute that nobody decided in time; the relayer pays the gas. Raises ContractReverted."""
    ctx.sender(RELAYER).send(ctx.contracts.disputes.functions.lapse(dispute_id))


def claim_bond(ctx: Context, account: str) -> int:
    """Pays an account the bonds of its disputes, to itself; the amount. Raises ContractReverted."""
    return bonds.claim_bond(ctx, ctx.contracts.disputes, account)


def _with_bond(ctx: Context, account: LocalAccount, dispute_id: int, step: Any, evidence_cid: str) -> None:
    sender = ctx.sender(account)
    dispute = call_many(ctx.client, [ctx.contracts.disputes.functions.disputeOf(dispute_id)])[0]
    # A dispute that does not exist has version 0: the contract says so when it is called.
    if dispute["rulesVersion"]:
        _approve(ctx, sender, dispute["rulesVersion"])
    sender.send(step(dispute_id, _digest(evidence_cid)))


def _approve(ctx: Context, sender: Sender, rules_version: int) -> None:
    rules = Rules.from_chain(ctx.contracts.rules.functions.rulesOf(rules_version).call())
    approve_bond(ctx, sender, ctx.contracts.disputes.address, rules.challenge_bond)


def _digest(cid: str) -> bytes:
    return bytes.fromhex(digest_of(cid)[2:])


def _first(event: Any, receipt: Any) -> Mapping[str, Any]:
    """The arguments of the first such event in a receipt; {} without one."""
    from web3.logs import DISCARD

    return next((log["args"] for log in event().process_receipt(receipt, errors=DISCARD)), {})
