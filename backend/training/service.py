"""Training a model version on exactly the consenting works, and measuring what each artist gave it."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from eth_utils import to_checksum_address

from backend.errors import NotFound
from backend.governance.rules import Rules
from backend.storage.documents import canonical
from backend.training import artifacts, datasets
from backend.training.report import REPORT_SCHEMA, LearningUnits, build_report
from backend.training.starts import start_of
from model.settings import AttributionSettings, TrainSettings

if TYPE_CHECKING:
    from backend.context import Context
    from model.attribution.contribution import Contribution
    from model.attribution.index import ArtistIndex

SETTINGS_SCHEMA = "meltingpot/settings@1"
METHOD = "d-trak-artist-index"
PACKAGES = ("torch", "diffusers", "numpy", "pillow", "resvg-py")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TrainedModel:
    """A trained and published model version that no round stands for yet."""

    model_cid: str
    dataset_cid: str
    root: str
    settings_cid: str
    settings_hash: str
    seed: int
    works: int
    artists: int
    started_from: dict[str, Any] | None
    compute_s: int  # processor seconds of this machine, all threads
    left_out: int = 0  # consenting works that nobody can read; the dataset names them

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def described(self) -> dict[str, Any]:
        """The parts `dataset` and `model` of a report."""
        return {
            "dataset": {
                "cid": self.dataset_cid,
                "root": self.root,
                "works": self.works,
                "artists": self.artists,
            },
            "model": {
                "cid": self.model_cid,
                "settings_cid": self.settings_cid,
                "settings_hash": self.settings_hash,
                "seed": self.seed,
                "started_from": self.started_from,
            },
        }


def train_round(
    ctx: Context,
    settings: TrainSettings,
    progress: Progress,
    from_scratch: bool = False,
    block: int | None = None,
) -> TrainedModel:
    """Train on the works that consent at `block` (default: now), from the last round's model version where
    that may be (`starts`); put dataset, settings and model on IPFS.
    """
    from model.checkpoint import settings_of
    from model.compute import Compute
    from model.train import train

    manifest = datasets.consenting_works(ctx, block, progress)
    start = None if from_scratch else start_of(ctx, manifest)
    directory, told = (start.directory, start.told) if start else (None, None)
    size = settings_of(directory).size if directory else settings.size
    dataset = datasets.load_works(ctx, manifest, size, progress)
    before = time.process_time()
    out = artifacts.scratch_directory(ctx)
    try:
        result = train(
            dataset,
            settings,
            out,
            directory,
            lambda done, total, *_: progress("train", done, total),
            compute=Compute(ctx.settings.device),
        )
        compute_s = int(time.process_time() - before)
        model_cid = artifacts.publish_model(ctx, out)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    document = {"schema": SETTINGS_SCHEMA, "train": result.settings.to_json(), "started_from": told}
    trained = TrainedModel(
        model_cid,
        datasets.publish_dataset(ctx, manifest),
        manifest.root(),
        ctx.documents.put(document),
        settings_hash(document),
        settings.seed,
        len(manifest.works),
        len(manifest.artists),
        told,
        compute_s,
        len(manifest.context["left_out"]),
    )
    _remember(ctx, "trained", trained.model_cid, trained.to_json())
    return trained


def measure_contributions(
    ctx: Context,
    trained: TrainedModel,
    settings: AttributionSettings,
    progress: Progress,
    learning: Sequence[LearningUnits] = (),
    trainer: str = "trainer",
) -> tuple[dict[str, Any], str]:
    """(report, its CID): contributions per artist wallet as published integers, and the stake that they mint.

    Wallet `trainer` is a learning contributor by the processor seconds of training and measuring.
    """
    before = time.process_time()
    index, found = _measure(ctx, trained, settings, progress)
    compute_s = trained.compute_s + int(time.process_time() - before)
    index_cid, probes_cid = _publish_evidence(ctx, index, found)
    rules_version = ctx.contracts.rules.functions.currentVersion().call()
    measured = {
        "round_id": ctx.contracts.rounds.functions.nextRoundId().call(),
        "chain_id": ctx.client.chain_id,
        **trained.described(),
        "index_cid": index_cid,
        "probes_cid": probes_cid,
        "method": {"name": METHOD, "parameters": settings.to_json()},
        "threshold": found.threshold,
        "quality": found.quality,
        "versions": _versions(),
    }
    report = build_report(
        measured,
        _by_wallet(found.scores),
        _by_wallet(found.allocations),
        [*learning, LearningUnits(ctx.wallets.address(trainer), "compute", compute_s)],
        Rules.from_chain(ctx.contracts.rules.functions.rulesOf(rules_version).call()),
        rules_version,
    )
    cid = ctx.documents.put(report)
    _remember(ctx, "reports", trained.model_cid, {"report_cid": cid})
    return report, cid


def trained_model(ctx: Context, model_cid: str | None = None) -> TrainedModel:
    """A model that was trained on this machine; without a CID the newest. Raises NotFound."""
    return TrainedModel(**_recall(ctx, "trained", model_cid, "Train one first: `meltingpot train`."))


def report_cid_of(ctx: Context, model_cid: str | None = None) -> str:
    """The CID of the report measured on this machine for a model; without a CID the newest. Raises
    NotFound.
    """
    return _recall(ctx, "reports", model_cid, "Measure first: `meltingpot contributions`.")["report_cid"]


def read_report(ctx: Context, report_cid: str) -> dict[str, Any]:
    """The document `report@1` from IPFS."""
    return ctx.documents.get(report_cid, REPORT_SCHEMA)


def settings_hash(document: dict[str, Any]) -> str:
    """sha256 of the canonical bytes of a settings document, 0x hex."""
    return "0x" + hashlib.sha256(canonical(document)).hexdigest()


def _measure(
    ctx: Context, trained: TrainedModel, settings: AttributionSettings, progress: Progress
) -> tuple[ArtistIndex, Contribution]:
    """Index and contribution of a published model version on its published dataset."""
    from model.attribution.contribution import measure
    from model.attribution.index import build_index
    from model.checkpoint import load_pipeline, settings_of

    directory = artifacts.model_directory(ctx, trained.model_cid)
    pipeline = load_pipeline(directory, ctx.settings.device)
    manifest = datasets.read_dataset(ctx, trained.dataset_cid)
    dataset = datasets.load_works(ctx, manifest, settings_of(directory).size, progress)
    index = build_index(pipeline, dataset, settings, lambda done, total, *_: progress("index", done, total))
    found = measure(
        pipeline, dataset, index, settings, lambda done, total, *_: progress("contributions", done, total)
    )
    return index, found


def _publish_evidence(ctx: Context, index: ArtistIndex, found: Contribution) -> tuple[str, str]:
    """(index CID, probes CID): the integers that anybody needs to get to the same allocations."""
    scratch = artifacts.scratch_directory(ctx)
    try:
        index.save(scratch / "index.npz")
        found.save_probes(scratch / "probes.npz")
        return artifacts.publish_file(ctx, scratch / "index.npz"), artifacts.publish_file(
            ctx, scratch / "probes.npz"
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _by_wallet(values: dict[str, int]) -> dict[str, int]:
    return {to_checksum_address(artist): int(value) for artist, value in values.items()}


def _versions() -> dict[str, str]:
    """Software behind the numbers: floating point differs between versions, the published integers do not."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        found[package] = version(package)
    return found


def _remember(ctx: Context, kind: str, model_cid: str, value: dict[str, Any]) -> None:
    folder = ctx.settings.data_dir / kind
    folder.mkdir(parents=True, exist_ok=True)
    for name in (f"{model_cid}.json", "latest.json"):
        (folder / name).write_text(json.dumps(value, indent=1))


def _recall(ctx: Context, kind: str, model_cid: str | None, advice: str) -> dict[str, Any]:
    path = ctx.settings.data_dir / kind / f"{model_cid or 'latest'}.json"
    if not path.exists():
        raise NotFound(
            f"{path.parent} holds nothing{' of model ' + model_cid if model_cid else ''}.",
            advice,
        )
    return json.loads(path.read_text())
