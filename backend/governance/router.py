"""Rules, proposals and relayed votes over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from eth_utils import to_checksum_address
from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from backend.api import ContextOf, Problems
from backend.errors import InputRefused
from backend.generations.router import wallet_form
from backend.governance import schemas, service
from backend.governance.rules import Rules
from backend.governance.tables import Proposal, Resolution, RulesVersion
from backend.storage.cid import cid_of_digest

router = APIRouter(tags=["governance"])
ProposalId = Annotated[str, Path(pattern=r"^[0-9]{1,78}$", description="decimal id")]


@router.get("/rules", responses=Problems(503))
def rules(ctx: ContextOf) -> schemas.RulesList:
    """Every version of the compensation rules, and which is in force."""
    current = ctx.contracts.rules.functions.currentVersion().call()
    with ctx.sessions() as session:
        rows = list(session.scalars(select(RulesVersion).order_by(RulesVersion.version.desc())))
    versions = [
        schemas.RulesBody(
            version=row.version,
            effective_from=row.effective_from,
            in_force=row.version == current,
            rules=Rules.from_chain(row.rules).to_json(),
        )
        for row in rows
    ]
    return schemas.RulesList(current=current, versions=versions)


@router.get("/proposals", responses=Problems(422, 503))
def proposals(
    ctx: ContextOf,
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> schemas.ProposalPage:
    """Proposals, the newest first, with their states asked of the governor."""
    rows, following = service.proposals_page(ctx, cursor, limit)
    return schemas.ProposalPage(proposals=[_body(ctx, row) for row in rows], next_cursor=following)


@router.get("/proposals/{proposal_id}", responses=Problems(404, 422, 503))
def proposal(proposal_id: ProposalId, ctx: ContextOf) -> schemas.ProposalBody:
    """One proposal and where it stands now."""
    return _body(ctx, service.find_proposal(ctx, _identifier(proposal_id)))


@router.get("/proposals/{proposal_id}/ballot", responses=Problems(404, 409, 422, 503))
def ballot(
    proposal_id: ProposalId,
    ctx: ContextOf,
    voter: Annotated[str, Query(pattern=r"^0x[0-9a-fA-F]{40}$")],
    support: Annotated[Literal["against", "for", "abstain"], Query()],
) -> schemas.Ballot:
    """What a holder signs to vote without coin for gas."""
    account, identifier = to_checksum_address(voter), _identifier(proposal_id)
    weight = service.weight_of(ctx, account, identifier)
    message = service.ballot_message(ctx, identifier, service.SUPPORT[support], account)
    return schemas.Ballot(weight=str(weight), sign=wallet_form(message))


@router.post("/votes", status_code=201, responses=Problems(401, 404, 409, 422, 503))
def vote(body: schemas.VoteRequest, ctx: ContextOf) -> schemas.VoteCast:
    """Send a signed ballot; the relayer pays the gas."""
    voter, identifier = to_checksum_address(body.voter), _identifier(body.proposal_id)
    weight = service.relay_ballot(
        ctx, identifier, service.SUPPORT[body.support], voter, bytes.fromhex(body.signature[2:])
    )
    return schemas.VoteCast(proposal_id=body.proposal_id, voter=voter, weight=str(weight))


@router.get("/resolutions")
def resolutions(ctx: ContextOf) -> list[schemas.ResolutionBody]:
    """The texts that the holders adopted, the newest first."""
    with ctx.sessions() as session:
        rows = list(session.scalars(select(Resolution).order_by(Resolution.resolution_id.desc())))
    return [
        schemas.ResolutionBody(
            resolution_id=row.resolution_id,
            text_cid=cid_of_digest(row.text_digest),
            adopted_at=row.adopted_at,
        )
        for row in rows
    ]


def _body(ctx: ContextOf, row: Proposal) -> schemas.ProposalBody:
    state = service.state_of(ctx, row.proposal_id).to_json()
    return schemas.ProposalBody(proposer=row.proposer, description=row.description, **state)


def _identifier(text: str) -> int:
    value = int(text)
    if value >= 2**256:
        raise InputRefused(
            f"{text} is no proposal id: it has more than 256 bits.", "Copy the id as it is listed."
        )
    return value
