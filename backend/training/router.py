"""Rounds over HTTP: what was trained on what, who gave how much, and the proofs to claim with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from backend.api import ContextOf, Problems
from backend.errors import NotFound
from backend.storage.cid import cid_of_digest
from backend.training import schemas, tables
from backend.training.rounds import claim_of
from backend.training.service import read_report

router = APIRouter(prefix="/rounds", tags=["rounds"])
RoundId = Annotated[int, Path(ge=1, lt=2**63, description="round id", examples=[1])]
AccountPath = Annotated[str, Path(pattern=r"^0x[0-9a-fA-F]{40}$", description="wallet")]


@router.get("", responses=Problems(422))
def list_rounds(
    ctx: ContextOf,
    cursor: Annotated[int | None, Query(ge=1, description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.RoundPage:
    """Training rounds, the newest first."""
    query = select(tables.Round).order_by(tables.Round.round_id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(tables.Round.round_id < cursor)
    with ctx.sessions() as session:
        rows = session.scalars(query).all()
    following = rows[limit - 1].round_id if len(rows) > limit else None
    return schemas.RoundPage(rounds=[_view(row) for row in rows[:limit]], next_cursor=following)


@router.get("/{round_id}", responses=Problems(404, 422, 503))
def find_round(round_id: RoundId, ctx: ContextOf) -> schemas.RoundReport:
    """One round with its report: scores, allocations, evidence."""
    with ctx.sessions() as session:
        row = session.get(tables.Round, round_id)
    if row is None:
        raise NotFound(f"No round {round_id} is known.", "Look at /rounds for those there are.")
    view = _view(row)
    return schemas.RoundReport(round=view, report=read_report(ctx, view.report_cid))


@router.get("/{round_id}/challenges", responses=Problems(404, 422))
def challenges(round_id: RoundId, ctx: ContextOf) -> schemas.ChallengeList:
    """Who disputes which leaf, by which evidence, and what became of it."""
    query = select(tables.Challenge).where(tables.Challenge.round_id == round_id)
    with ctx.sessions() as session:
        if session.get(tables.Round, round_id) is None:
            raise NotFound(f"No round {round_id} is known.", "Look at /rounds for those there are.")
        rows = session.scalars(query.order_by(tables.Challenge.challenge_id)).all()
    return schemas.ChallengeList(challenges=[_challenge_view(row) for row in rows])


@router.get("/{round_id}/claims/{account}", responses=Problems(404, 422, 503))
def claim(
    round_id: RoundId,
    account: AccountPath,
    ctx: ContextOf,
    part: Annotated[schemas.PartText, Query(description="part of the round's mint")] = "artists",
) -> schemas.Claim:
    """Amount and Merkle proof of one account: anybody may send them to the contract."""
    leaf, proof = claim_of(ctx, round_id, account, part)
    return schemas.Claim(
        round_id=round_id, part=part, account=leaf.account, amount=str(leaf.amount), proof=proof
    )


def _challenge_view(row: tables.Challenge) -> schemas.Challenge:
    plain = (
        "round_id",
        "challenge_id",
        "state",
        "challenger",
        "account",
        "answer_by",
        "filed_at",
        "ended_at",
    )
    return schemas.Challenge(
        **{name: getattr(row, name) for name in plain},
        amount=str(row.amount),
        bond=str(row.bond),
        evidence_cid=cid_of_digest(row.evidence_digest),
    )


def _view(row: tables.Round) -> schemas.Round:
    plain = (
        "round_id",
        "state",
        "proposer",
        "rules_version",
        "dataset_root",
        "allocations_root",
        "learning_root",
        "open_challenges",
        "settings_hash",
        "challenge_ends_at",
        "proposed_at",
        "finalised_at",
    )
    return schemas.Round(
        **{name: getattr(row, name) for name in plain},
        seed=str(row.seed),
        model_cid=cid_of_digest(row.model_digest),
        report_cid=cid_of_digest(row.report_digest),
        mint_budget=None if row.mint_budget is None else str(row.mint_budget),
    )
