"""One function per event: what it changes in the tables that the chain owns.

Handlers run in the order of the chain, live and when the tables are rebuilt, and depend on nothing but the
event and those tables: the same events always make the same rows. An event without a handler is kept as a raw
event only. Those of sales are in sale_handlers.py.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.chain import sale_handlers, work_handlers  # noqa: F401 - they register themselves
from backend.chain.abi import ZERO_ADDRESS
from backend.chain.dispatch import HANDLERS, apply, handles
from backend.chain.events import Event
from backend.governance.tables import Proposal, Resolution, RulesVersion, Vote
from backend.stake.tables import DelegateVotes, Delegation, StakeBalance, StakeClaim
from backend.training.tables import BondClaim, Challenge, Round

__all__ = ["HANDLERS", "apply"]
PARTS = ("artists", "learning")  # ITrainingRounds.Part
VOTE_COLUMNS = ("votes_against", "votes_for", "votes_abstain")  # by GovernorCountingSimple's VoteType


# ---- training rounds ---------------------------------------------------------------------------------------


@handles("TrainingRounds", "RoundProposed")
def round_proposed(session: Session, event: Event) -> None:
    p = event.args["proposal"]
    session.add(Round(
        round_id=event.uint("roundId"), proposer=event.args["proposer"],
        rules_version=event.uint("rulesVersion"), model_digest=p["modelDigest"],
        dataset_root=p["datasetRoot"], report_digest=p["reportDigest"],
        allocations_root=p["allocationsRoot"], learning_root=p["learningRoot"],
        settings_hash=p["settingsHash"], seed=int(p["seed"]), open_challenges=0,
        bond=event.uint("bond"), challenge_ends_at=event.uint("challengeEndsAt"), state="proposed",
        proposed_at=event.block_time, block_number=event.block_number))


@handles("TrainingRounds", "RoundChallenged")
def round_challenged(session: Session, event: Event) -> None:
    a = event.args
    round_ = session.get_one(Round, event.uint("roundId"))
    round_.state = "challenged"
    round_.open_challenges += 1
    session.add(Challenge(
        round_id=round_.round_id, challenge_id=event.uint("challengeId"), challenger=a["challenger"],
        account=a["account"], amount=event.uint("amount"), evidence_digest=a["evidenceDigest"],
        bond=event.uint("bond"), answer_by=event.uint("answerBy"), state="open", filed_at=event.block_time,
        block_number=event.block_number))


@handles("TrainingRounds", "ChallengeResolved", "ChallengeLapsed", "ChallengeClosed")
def challenge_ended(session: Session, event: Event) -> None:
    state = {"ChallengeLapsed": "lapsed", "ChallengeClosed": "closed"}.get(event.name)
    if state is None:
        state = "upheld" if event.args["upheld"] else "refused"
    round_ = session.get_one(Round, event.uint("roundId"))
    challenge = session.get_one(Challenge, (round_.round_id, event.uint("challengeId")))
    challenge.state, challenge.ended_at = state, event.block_time
    round_.open_challenges -= 1
    if state in ("upheld", "lapsed"):
        round_.state = "rejected"
    elif state == "refused" and round_.open_challenges == 0:
        round_.state = "proposed"


@handles("TrainingRounds", "RoundFinalised")
def round_finalised(session: Session, event: Event) -> None:
    round_ = session.get_one(Round, event.uint("roundId"))
    round_.state, round_.finalised_at = "finalised", event.block_time
    round_.mint_budget = event.uint("mintBudget")


@handles("TrainingRounds", "StakeClaimed")
def stake_claimed(session: Session, event: Event) -> None:
    session.add(StakeClaim(round_id=event.uint("roundId"), part=PARTS[event.uint("part")],
                           account=event.args["account"], amount=event.uint("amount"),
                           block_number=event.block_number, claimed_at=event.block_time))


@handles("TrainingRounds", "BondClaimed")
@handles("WorkDisputes", "BondClaimed")
def bond_claimed(session: Session, event: Event) -> None:
    source = "rounds" if event.contract == "TrainingRounds" else "disputes"
    session.add(BondClaim(**event.key, source=source, account=event.args["account"],
                          amount=event.uint("amount")))


# ---- stake -------------------------------------------------------------------------------------------------


@handles("StakeToken", "Transfer")
def stake_moved(session: Session, event: Event) -> None:
    amount = event.uint("value")
    for account, change in ((event.args["from"], -amount), (event.args["to"], amount)):
        if account == ZERO_ADDRESS:
            continue
        row = session.get(StakeBalance, account)
        if row is None:
            row = StakeBalance(account=account, balance=0)
            session.add(row)
        row.balance += change


@handles("StakeToken", "DelegateChanged")
def delegate_changed(session: Session, event: Event) -> None:
    session.merge(Delegation(account=event.args["delegator"], delegate=event.args["toDelegate"]))


@handles("StakeToken", "DelegateVotesChanged")
def delegate_votes_changed(session: Session, event: Event) -> None:
    session.merge(DelegateVotes(delegate=event.args["delegate"], votes=event.uint("newVotes")))


# ---- governance --------------------------------------------------------------------------------------------


@handles("CompensationRules", "RulesAdopted")
def rules_adopted(session: Session, event: Event) -> None:
    r = event.args["rules"]
    session.add(RulesVersion(
        version=event.uint("version"), effective_from=event.uint("effectiveFrom"),
        artists_bps=int(r["artistsBps"]), holders_bps=int(r["holdersBps"]),
        platform_bps=int(r["platformBps"]), network_bps=int(r["networkBps"]),
        learning_bps=int(r["learningBps"]),
        learning_mint_bps=int(r["learningMintBps"]),
        max_credits=int(r["maxCredits"]), challenge_window=int(r["challengeWindow"]),
        stream_period=int(r["streamPeriod"]), max_order_window=int(r["maxOrderWindow"]),
        mint_interval=int(r["mintInterval"]),
        price_per_generation=int(r["pricePerGeneration"]), proposal_bond=int(r["proposalBond"]),
        challenge_bond=int(r["challengeBond"]), mint_per_round=int(r["mintPerRound"]), rules=dict(r),
        block_number=event.block_number))


@handles("MeltingPotGovernor", "ProposalCreated")
def proposal_created(session: Session, event: Event) -> None:
    a = event.args
    session.add(Proposal(
        proposal_id=event.uint("proposalId"), proposer=a["proposer"], targets=a["targets"],
        values=a["values"], calldatas=a["calldatas"], description=a["description"],
        vote_start=event.uint("voteStart"),
        vote_end=event.uint("voteEnd"), state="proposed", votes_for=0, votes_against=0, votes_abstain=0,
        proposed_at=event.block_time, block_number=event.block_number))


@handles("MeltingPotGovernor", "VoteCast", "VoteCastWithParams")
def vote_cast(session: Session, event: Event) -> None:
    support, weight = event.uint("support"), event.uint("weight")
    proposal = session.get_one(Proposal, event.uint("proposalId"))
    column = VOTE_COLUMNS[support]
    setattr(proposal, column, getattr(proposal, column) + weight)
    session.add(Vote(proposal_id=proposal.proposal_id, voter=event.args["voter"], support=support,
                     weight=weight, reason=event.args["reason"], block_number=event.block_number))


@handles("MeltingPotGovernor", "ProposalExtended")
def proposal_extended(session: Session, event: Event) -> None:
    session.get_one(Proposal, event.uint("proposalId")).vote_end = event.uint("extendedDeadline")


@handles("MeltingPotGovernor", "ProposalQueued")
def proposal_queued(session: Session, event: Event) -> None:
    proposal = session.get_one(Proposal, event.uint("proposalId"))
    proposal.state, proposal.eta = "queued", event.uint("etaSeconds")


@handles("MeltingPotGovernor", "ProposalExecuted", "ProposalCanceled")
def proposal_ended(session: Session, event: Event) -> None:
    proposal = session.get_one(Proposal, event.uint("proposalId"))
    proposal.state = "executed" if event.name == "ProposalExecuted" else "canceled"


@handles("Charter", "ResolutionAdopted")
def resolution_adopted(session: Session, event: Event) -> None:
    session.add(Resolution(resolution_id=event.uint("resolutionId"), text_digest=event.args["textDigest"],
                           proposal_id=event.uint("proposalId"), adopted_at=event.block_time,
                           block_number=event.block_number))
