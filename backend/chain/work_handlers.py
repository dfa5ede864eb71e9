"""What events about works, their artists and their disputes change; see `handlers`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.chain.dispatch import handles
from backend.chain.events import Event
from backend.disputes.tables import Dispute
from backend.royalties.tables import ArtistPayee
from backend.works.tables import Collection, Work, WorkChange

KINDS = ("authorship", "revocation")  # by IWorkDisputes.Kind
ENDS = {"DisputeExecuted": "executed", "DisputeMooted": "mooted", "DisputeLapsed": "lapsed"}


@handles("ArtworkRegistry", "WorkRegistered")
def work_registered(session: Session, event: Event) -> None:
    a = event.args
    work = Work(content_hash=a["contentHash"], artist=a["artist"], ipfs_digest=a["ipfsDigest"],
                metadata_digest=a["metadataDigest"], consent=event.uint("consent"), revoked=False,
                described_by=a["artist"], registered_at=event.uint("registeredAt"),
                block_number=event.block_number)
    session.add(work)
    _changed(session, event, work)


@handles("ArtworkRegistry", "ConsentChanged")
def consent_changed(session: Session, event: Event) -> None:
    work = session.get_one(Work, event.args["contentHash"])
    work.consent = event.uint("consent")
    _changed(session, event, work)


@handles("ArtworkRegistry", "MetadataChanged")
def metadata_changed(session: Session, event: Event) -> None:
    work = session.get_one(Work, event.args["contentHash"])
    work.metadata_digest, work.described_by = event.args["metadataDigest"], event.args["artist"]
    _changed(session, event, work)


@handles("ArtworkRegistry", "WorkMoved")
def work_moved(session: Session, event: Event) -> None:
    work = session.get_one(Work, event.args["contentHash"])
    work.artist, work.consent, work.revoked = event.args["to"], 0, False
    _changed(session, event, work)


@handles("ArtworkRegistry", "WorkRevoked")
def work_revoked(session: Session, event: Event) -> None:
    work = session.get_one(Work, event.args["contentHash"])
    work.consent, work.revoked = 0, True
    _changed(session, event, work)


def _changed(session: Session, event: Event, work: Work) -> None:
    session.add(WorkChange(**event.key, content_hash=work.content_hash, artist=work.artist,
                           metadata_digest=work.metadata_digest, consent=work.consent))


@handles("ArtworkRegistry", "CollectionRegistered")
def collection_registered(session: Session, event: Event) -> None:
    a = event.args
    session.add(Collection(collection_id=event.uint("collectionId"), artist=a["artist"], root=a["root"],
                           count=event.uint("count"), metadata_digest=a["metadataDigest"],
                           consent=event.uint("consent"), registered_at=event.block_time,
                           block_number=event.block_number))


@handles("ArtworkRegistry", "CollectionConsentChanged")
def collection_consent_changed(session: Session, event: Event) -> None:
    session.get_one(Collection, event.uint("collectionId")).consent = event.uint("consent")


@handles("ArtworkRegistry", "PayeeChanged")
def payee_changed(session: Session, event: Event) -> None:
    session.merge(ArtistPayee(artist=event.args["artist"], payee=event.args["payee"]))


@handles("WorkDisputes", "DisputeOpened")
def dispute_opened(session: Session, event: Event) -> None:
    a = event.args
    session.add(Dispute(
        dispute_id=event.uint("disputeId"), content_hash=a["contentHash"], kind=KINDS[event.uint("kind")],
        claimant=a["claimant"], respondent=a["respondent"], state="open", evidence_digest=a["evidenceDigest"],
        until=event.uint("answerBy"), claimant_bond=event.uint("bond"), respondent_bond=0,
        opened_at=event.block_time, block_number=event.block_number))


@handles("WorkDisputes", "DisputeAnswered")
def dispute_answered(session: Session, event: Event) -> None:
    dispute = session.get_one(Dispute, event.uint("disputeId"))
    dispute.state, dispute.until = "answered", event.uint("decideBy")
    dispute.answer_digest, dispute.respondent_bond = event.args["evidenceDigest"], event.uint("bond")


@handles("WorkDisputes", "DisputeDecided")
def dispute_decided(session: Session, event: Event) -> None:
    dispute = session.get_one(Dispute, event.uint("disputeId"))
    dispute.state, dispute.upheld = "decided", bool(event.args["upheld"])
    dispute.until = event.uint("appealBy")


@handles("WorkDisputes", "DisputeAppealed")
def dispute_appealed(session: Session, event: Event) -> None:
    dispute = session.get_one(Dispute, event.uint("disputeId"))
    dispute.state, dispute.until = "appealed", event.uint("decideBy")
    dispute.appeal_digest = event.args["evidenceDigest"]
    if dispute.upheld:
        dispute.respondent_bond += event.uint("bond")
    else:
        dispute.claimant_bond += event.uint("bond")


@handles("WorkDisputes", "AppealDecided")
def appeal_decided(session: Session, event: Event) -> None:
    dispute = session.get_one(Dispute, event.uint("disputeId"))
    dispute.state, dispute.upheld, dispute.until = "final", bool(event.args["upheld"]), 0


@handles("WorkDisputes", *ENDS)
def dispute_ended(session: Session, event: Event) -> None:
    dispute = session.get_one(Dispute, event.uint("disputeId"))
    dispute.state, dispute.until = ENDS[event.name], 0
