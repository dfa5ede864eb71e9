"""`report.json`: what a run did, read back from the tables, the chain and IPFS. Amounts are integer strings."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.generations.tables import Order
from backend.governance.tables import Proposal, RulesVersion
from backend.royalties.split import PARTS
from backend.royalties.tables import Credit, Refund, SaleSplit
from backend.stake.tables import StakeBalance, StakeClaim
from backend.storage.cid import cid_of_digest
from backend.training.tables import Round
from backend.verify.money import money_statement

if TYPE_CHECKING:
    from backend.context import Context

SHARES = ("artists", "holders", "platform", "network", "learning")


def round_summary(ctx: Context) -> dict[str, Any]:
    """The latest finalised round and the stake that was minted from it."""
    with ctx.sessions() as session:
        row = session.scalars(select(Round).where(Round.state == "finalised").order_by(Round.round_id.desc())).first()
        claims = list(session.scalars(select(StakeClaim).where(StakeClaim.round_id == row.round_id)))
        holders = sum(balance.balance > 0 for balance in session.scalars(select(StakeBalance)))
    report_cid = cid_of_digest(row.report_digest)
    report = ctx.documents.get(report_cid, "meltingpot/report@1")
    return {
        "round_id": row.round_id,
        "model_cid": cid_of_digest(row.model_digest),
        "report_cid": report_cid,
        "dataset_root": row.dataset_root,
        "works": report["dataset"]["works"],
        "artists": report["dataset"]["artists"],
        "started_from": report["model"]["started_from"],
        "allocations_sum": str(sum(int(entry["allocation"]) for entry in report["allocations"])),
        "allocations": report["allocations"],
        "quality": report["quality"],
        "stake_minted": str(sum(claim.amount for claim in claims)),
        "holders": holders,
    }


def order_summaries(ctx: Context, paid_by: Mapping[str, str], prompts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every order in the order of its request, with the parts of its price. `paid_by`: order id → way of paying."""
    with ctx.sessions() as session:
        rows = list(session.scalars(select(Order).order_by(Order.block_number, Order.order_id)))
        splits: dict[str, Counter[str]] = {}  # summed: an order may be delivered in parts
        for split in session.scalars(select(SaleSplit)):
            splits.setdefault(split.order_id, Counter()).update({name: getattr(split, name) for name in PARTS})
        refunds = {refund.order_id: refund.amount for refund in session.scalars(select(Refund))}
        credits: dict[str, list[dict[str, str]]] = {}
        for credit in session.scalars(select(Credit).order_by(Credit.block_number, Credit.log_index)):
            credits.setdefault(credit.order_id, []).append({"artist": credit.artist, "amount": str(credit.amount)})
    return [{
        "id": row.order_id,
        "state": row.state,
        "prompt": prompts.get(row.order_id, ""),
        "pay": paid_by.get(row.order_id, ""),
        "buyer": row.buyer,
        "quantity": row.quantity,
        "price": str(row.price),
        "rules_version": row.rules_version,
        "credits": credits.get(row.order_id, []),
        "output_cid": cid_of_digest(row.output_digest) if row.output_digest else None,
        "attribution_cid": cid_of_digest(row.attribution_digest) if row.attribution_digest else None,
        "split": {name: str(splits[row.order_id][name]) for name in PARTS} if row.order_id in splits else None,
        "refunded": str(refunds.get(row.order_id, 0)),
    } for row in rows]


def rules_versions(ctx: Context) -> list[dict[str, Any]]:
    """Every version of the rules that is or will be in force."""
    with ctx.sessions() as session:
        return [{"version": row.version, "effective_from": row.effective_from, "price": str(row.price_per_generation),
                 **{f"{name}_bps": getattr(row, f"{name}_bps") for name in SHARES}}
                for row in session.scalars(select(RulesVersion).order_by(RulesVersion.version))]


def vote_summary(ctx: Context) -> dict[str, Any] | None:
    """The latest proposal and how it went."""
    with ctx.sessions() as session:
        row = session.scalars(select(Proposal).order_by(Proposal.block_number.desc())).first()
    if row is None:
        return None
    return {"proposal_id": str(row.proposal_id), "description": row.description, "state": row.state,
            "votes_for": str(row.votes_for), "votes_against": str(row.votes_against), "votes_abstain": str(row.votes_abstain)}


def collect(ctx: Context, imported: Mapping[str, Any], paid_by: Mapping[str, str], prompts: Mapping[str, str],
            checks: Sequence[Any], seconds: Mapping[str, float]) -> dict[str, Any]:
    """All of `report.json`."""
    return {
        "schema": "meltingpot/demo@1",
        "works": len(imported["works"]),
        "artists": len({work["artist"] for work in imported["works"]}),
        "cids_verified": imported["cids_verified"],
        "refused": imported["refused"],
        "round": round_summary(ctx),
        "orders": order_summaries(ctx, paid_by, prompts),
        "money": {name: str(amount) for name, amount in money_statement(ctx).items()},
        "rules_versions": rules_versions(ctx),
        "vote": vote_summary(ctx),
        "verify": {"checks": len(checks), "failed": sum(not check.ok for check in checks),
                   "results": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]},
        "seconds": {step: round(spent, 1) for step, spent in seconds.items()},
    }
