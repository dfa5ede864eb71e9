"""Model versions as the worker serves them: pipeline, artist index and training works of one finalised round,
in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.errors import NotFound
from backend.storage.cid import cid_of_digest
from backend.training import artifacts, datasets
from backend.training.report import REPORT_SCHEMA
from backend.training.tables import Round
from model.settings import AttributionSettings

if TYPE_CHECKING:
    from backend.context import Context
    from model.attribution.index import ArtistIndex
    from model.dataset import Dataset
    from model.pipeline import MeltingPotPipeline

KEPT_IN_MEMORY = 2  # model versions; an order signed before a new round still asks for the older one


class ModelNotServed(NotFound):
    """No finalised round stands for the model version that an order names."""

    code, title = "model_not_served", "Model version not served"
    advice = (
        "Order from a model version of a finalised round; this order's money comes back after its deadline."
    )


@dataclass(frozen=True)
class ServedModel:
    """One model version with the published evidence that its sales are split by."""

    digest: str
    cid: str
    report_cid: str
    report: dict[str, Any]
    pipeline: MeltingPotPipeline
    index: ArtistIndex
    dataset: Dataset
    attribution: AttributionSettings


class ModelCache:
    """Loads a model version on its first order and keeps the last few."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._models: OrderedDict[str, ServedModel] = OrderedDict()

    def get(self, digest: str) -> ServedModel:
        """The model version with this IPFS digest. Raises ModelNotServed, and the errors of IPFS."""
        if digest in self._models:
            self._models.move_to_end(digest)
            return self._models[digest]
        found = load_model(self.ctx, digest)
        self._models[digest] = found
        while len(self._models) > KEPT_IN_MEMORY:
            self._models.popitem(last=False)
        return found


def report_cid_of(ctx: Context, model_digest: str) -> str:
    """CID of the report of the latest finalised round with this model version. Raises ModelNotServed."""
    with ctx.sessions() as session:
        digest = session.scalar(
            select(Round.report_digest)
            .where(Round.model_digest == model_digest, Round.state == "finalised")
            .order_by(Round.round_id.desc())
            .limit(1)
        )
    if digest is None:
        raise ModelNotServed(
            f"No finalised round stands for the model version {cid_of_digest(model_digest)}."
        )
    return cid_of_digest(digest)


def load_model(ctx: Context, digest: str) -> ServedModel:
    """Fetches what is missing here by CID and opens it; nothing of the model directory is executed."""
    from model.attribution.index import ArtistIndex
    from model.checkpoint import load_pipeline, settings_of

    report_cid = report_cid_of(ctx, digest)
    report = ctx.documents.get(report_cid, REPORT_SCHEMA)
    cid = cid_of_digest(digest)
    directory = artifacts.model_directory(ctx, cid)
    manifest = datasets.read_dataset(ctx, report["dataset"]["cid"])
    return ServedModel(
        digest=digest,
        cid=cid,
        report_cid=report_cid,
        report=report,
        pipeline=load_pipeline(directory, ctx.settings.device),
        index=ArtistIndex.load(artifacts.artifact_file(ctx, report["index_cid"])),
        dataset=datasets.load_works(ctx, manifest, settings_of(directory).size),
        attribution=AttributionSettings.from_json(report["method"]["parameters"]["attribution"]),
    )
