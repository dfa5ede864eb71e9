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

from backend.errors import InputRefused, NotFound
from backend.governance.rules import Rules
from backend.storage.documents import canonical
from backend.training import artifacts, datasets
from backend.training.learning import LearningUnits, compute_units, units_by_kind
from backend.training.method import Method
from backend.training.report import REPORT_SCHEMA, build_report
from backend.training.starts import start_of
from model.settings import TrainSettings

if TYPE_CHECKING:
    from backend.context import Context
    from model.attribution.contribution import Contribution
    from model.attribution.index import ArtistIndex

SETTINGS_SCHEMA = "meltingpot/settings@1"
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
    from model.duplicates.clusters import near_copies
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
            copies=near_copies(dataset),
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
    method: Method,
    progress: Progress,
    learning: Sequence[LearningUnits] = (),
    trainer: str = "trainer",
) -> tuple[dict[str, Any], str]:
    """(report, its CID): contributions per artist wallet as published integers, and the stake that they mint.

    Wallet `trainer` gave the compute of training and measuring, but for what `learning` says others gave.
    Raises InputRefused when they claim more than there was, or another kind of work.
    """
    index, found = _measure(ctx, trained, method, progress)
    retrains = len(found.retrained.subsets)
    computed = _computed(ctx, trained, method, retrains, learning, ctx.wallets.address(trainer))
    rules_version = ctx.contracts.rules.functions.currentVersion().call()
    measured = {
        "round_id": ctx.contracts.rounds.functions.nextRoundId().call(),
        "chain_id": ctx.client.chain_id,
        **trained.described(),
        **_publish_evidence(ctx, index, found),
        "method": method.to_json(),
        "effect_threshold": found.threshold,
        "sale_threshold": found.sale_threshold,
        "quality": found.quality,
        "versions": _versions(),
    }
    report = build_report(
        measured,
        _by_wallet(found.scores),
        _by_wallet(found.allocations),
        {to_checksum_address(artist): ends for artist, ends in found.intervals.items()},
        computed,
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
    ctx: Context, trained: TrainedModel, method: Method, progress: Progress
) -> tuple[ArtistIndex, Contribution]:
    """Index and contribution of a published model version on its published dataset."""
    from model.attribution.contribution import measure
    from model.attribution.index import build_index
    from model.checkpoint import load_pipeline, settings_of

    directory = artifacts.model_directory(ctx, trained.model_cid)
    pipeline = load_pipeline(directory, ctx.settings.device)
    manifest = datasets.read_dataset(ctx, trained.dataset_cid)
    dataset = datasets.load_works(ctx, manifest, settings_of(directory).size, progress)
    index = build_index(
        pipeline, dataset, method.attribution, lambda done, total, *_: progress("index", done, total)
    )
    found = measure(pipeline, dataset, index, method.attribution, method.retrain, method.network, progress)
    return index, found


def _computed(
    ctx: Context,
    trained: TrainedModel,
    method: Method,
    retrains: int,
    others: Sequence[LearningUnits],
    trainer: str,
) -> list[LearningUnits]:
    """The round's compute by who gave it."""
    given = units_by_kind(others)
    settings = ctx.documents.get(trained.settings_cid, SETTINGS_SCHEMA)["train"]
    units = compute_units(
        artifacts.model_directory(ctx, trained.model_cid),
        TrainSettings.from_json(settings),
        method.network,
        retrains,
    )
    rest = units - given.pop("compute", 0)
    if given or rest < 0:
        raise InputRefused(
            f"The round was {units} units of compute; others are said to have given "
            f"{units_by_kind(others)}.",
            "Give other contributors' parts of the compute, in millions of operations; captions are counted "
            "from the dataset.",
        )
    return [*others, LearningUnits(trainer, "compute", rest)]


def _publish_evidence(ctx: Context, index: ArtistIndex, found: Contribution) -> dict[str, str]:
    """The report's CIDs of the integers that anybody needs to get to the same allocations."""
    parts = {
        "index": index,
        "probes": found.probes,
        "retrained": found.retrained,
        "effects": found.measured,
    }
    scratch = artifacts.scratch_directory(ctx)
    cids = {}
    try:
        for name, part in parts.items():
            part.save(scratch / f"{name}.npz")
            cids[f"{name}_cid"] = artifacts.publish_file(ctx, scratch / f"{name}.npz")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return cids


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
