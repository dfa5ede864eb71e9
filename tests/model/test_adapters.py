"""An artist's adapter, taken away, leaves bit for bit what never had it: both kinds of model."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model import checkpoint, lora
from model.adapters.__main__ import main
from model.adapters.library import (
    MANIFEST,
    Adapter,
    adapters_in,
    fit_adapter,
    folder_of,
    open_adapter,
    remove_adapter,
    train_adapter,
)
from model.adapters.serving import save_served, served_pipeline
from model.checkpoint import load_pipeline
from model.dataset import Dataset, Manifest
from model.sample import generate
from model.settings import SampleSettings, TrainSettings
from model.starting import add_adapter
from model.train import train
from tests.model.conftest import TINY, draw
from tests.model.stable_diffusion import build

FEW = SampleSettings(steps=2, output_size=0, batch_size=1)
FAST = TINY.but(steps=2, learning_rate=1e-2, lora_rank=2)
ARTISTS = ("artist blue", "artist green")


def only(dataset: Dataset, *artists: str) -> Dataset:
    """The works of some artists."""
    chosen = [i for i, work in enumerate(dataset.works) if work.artist in artists]
    return Dataset(
        Manifest(tuple(dataset.works[i] for i in chosen)),
        dataset.images[chosen],
        [dataset.captions[i] for i in chosen],
        sorted(artists),
        torch.tensor([sorted(artists).index(dataset.works[i].artist) for i in chosen]),
    )


@pytest.fixture(scope="module", params=["pixels", "latents"])
def base(request, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with the red artist's works (pixels), or one from elsewhere (latents)."""
    folder = tmp_path_factory.mktemp(request.param) / "base"
    if request.param == "latents":
        return build(folder)
    return train(only(dataset, "artist red"), TINY, folder).directory


@pytest.fixture(scope="module")
def library(base: Path, dataset: Dataset) -> Path:
    for artist in ARTISTS:
        train_adapter(only(dataset, artist), FAST, base, base.parent / "library")
    return base.parent / "library"


def picture(pipeline) -> bytes:
    return generate(pipeline, ["red circle"], [1], FEW)[0].tobytes()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_removing_an_artist_gives_what_never_had_them(
    base: Path, library: Path, dataset: Dataset, folder: Path
) -> None:
    with_both = shutil.copytree(library, folder / "library")
    train_adapter(only(dataset, "artist blue"), FAST, base, folder / "never")
    save_served(base, adapters_in(folder / "never"), folder / "served-never")
    kept = files(folder_of(with_both, "artist blue"))
    served = served_pipeline(base, adapters_in(with_both))
    remove_adapter(with_both, "artist green")
    assert files(with_both) == {f"{folder_of(with_both, 'artist blue').name}/{n}": d for n, d in kept.items()}
    assert kept == files(folder_of(folder / "never", "artist blue"))
    save_served(base, adapters_in(with_both), folder / "served-after")
    assert files(folder / "served-after") == files(folder / "served-never")
    after = load_pipeline(folder / "served-after")
    assert picture(after) == picture(served_pipeline(base, adapters_in(with_both)))
    assert picture(after) != picture(served) != picture(load_pipeline(base))


def test_without_adapters_it_is_the_base(base: Path) -> None:
    assert picture(served_pipeline(base, [])) == picture(load_pipeline(base))


def test_the_manifest_says_what_it_was_made_from(base: Path, library: Path, dataset: Dataset) -> None:
    adapter = open_adapter(folder_of(library, "artist blue"))
    wanted = {work.content_hash for work in dataset.works if work.artist == "artist blue"}
    assert {work["content_hash"] for work in adapter.works} == wanted
    assert adapter.base == checkpoint.fingerprint_of(base) and adapter.settings.lora_rank == 2
    assert [one.artist for one in adapters_in(library)] == [
        name for _, name in sorted((folder_of(library, name).name, name) for name in ARTISTS)
    ]
    told = json.loads((adapter.directory / MANIFEST).read_text())
    assert told["dataset_root"] == only(dataset, "artist blue").manifest.root()


def test_the_served_model_names_everybody_behind_it(base: Path, library: Path, folder: Path) -> None:
    save_served(base, adapters_in(library), folder / "served", {"artist blue": 0.5})
    works = checkpoint.works_behind(folder / "served")
    assert {work["artist"] for work in works} >= {"Ms blue", "Ms green"}
    told = checkpoint.history_of(folder / "served")[-1]["adapters"]
    assert {one["artist"]: one["weight"] for one in told} == {"artist blue": 0.5, "artist green": 1.0}


def test_working_in_equals_peft(base: Path, library: Path) -> None:
    """Base + weight · B·A in the weights computes what peft does beside them."""
    adapter = open_adapter(folder_of(library, "artist blue"))
    served = served_pipeline(base, [adapter]).unet
    plain = load_pipeline(base).unet
    lora.load(plain, adapter.directory)
    merged = lora.merged(plain)
    assert merged.state_dict().keys() == served.state_dict().keys()
    for name, weight in served.state_dict().items():
        torch.testing.assert_close(weight, merged.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_a_fresh_adapter_changes_nothing(base: Path) -> None:
    pipeline = load_pipeline(base)
    add_adapter(pipeline, FAST)
    assert picture(pipeline) == picture(load_pipeline(base))


def test_what_would_break_the_opt_out_is_refused(
    base: Path, library: Path, dataset: Dataset, folder: Path
) -> None:
    with pytest.raises(ValueError, match="one artist alone"):
        train_adapter(only(dataset, *ARTISTS), FAST, base, folder)
    if checkpoint.is_ours(base):
        with pytest.raises(ValueError, match="a base without them"):
            train_adapter(only(dataset, "artist red"), FAST, base, folder)
    moved = shutil.copytree(library, folder / "library")
    foreign = shutil.copytree(base, folder / "other")
    scheduler = foreign / "scheduler" / "scheduler_config.json"
    scheduler.write_text(scheduler.read_text() + " ")
    with pytest.raises(ValueError, match="trained over base"):
        served_pipeline(foreign, adapters_in(moved))
    path = adapters_in(moved)[0].directory / lora.FILE
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="hashes to"):
        served_pipeline(base, adapters_in(moved))
    with pytest.raises(FileNotFoundError, match="nobody"):
        remove_adapter(moved, "nobody")


def test_an_interrupted_adapter_goes_on(base: Path, dataset: Dataset, folder: Path) -> None:
    works, settings = only(dataset, "artist blue"), FAST.but(steps=3)

    def interrupt(step: int, _steps: int, _loss: float) -> None:
        if step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_adapter(works, settings, base, folder / "broken", interrupt, save_every=1)
    fit_adapter(works, settings, base, folder / "broken", save_every=1)
    fit_adapter(works, settings, base, folder / "whole")
    broken, whole = load_file(folder / "broken" / lora.FILE), load_file(folder / "whole" / lora.FILE)
    assert all(torch.equal(broken[name], whole[name]) for name in whole)


def test_the_commands(base: Path, folder: Path, capsys) -> None:
    lines = []
    for colour in ("green", "blue"):
        (folder / f"{colour}.png").write_bytes(draw("circle", colour))
        lines.append({"file": f"{colour}.png", "artist": f"Ms {colour}", "title": f"{colour} circle"})
    (folder / "MANIFEST.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    where = ["--library", str(folder / "library")]
    fast = FAST.to_json()
    small = [f"--set={name}={json.dumps(fast[name])}" for name in ("batch_size", "autocast", "lora_rank")]
    given = ["--base", str(base), "--manifest", str(folder / "MANIFEST.jsonl"), "--steps", "1", *small]
    for colour in ("green", "blue"):
        assert main(["train", *where, *given, "--artist", f"Ms {colour}"]) == 0
    assert main(["remove", *where, "--artist", "Ms green"]) == 0
    assert main(["list", *where]) == 0
    assert main(["serve", *where, "--base", str(base), "--out", str(folder / "served")]) == 0
    assert main(["remove", *where, "--artist", "Ms green"]) == 1
    told = capsys.readouterr()
    assert "1 works  Ms blue" in told.out and "base and 1 adapters" in told.out and "Ms green" in told.err
    assert load_pipeline(folder / "served").unet is not None


def test_settings_of_an_adapter_are_typed(library: Path) -> None:
    adapter = adapters_in(library)[0]
    assert isinstance(adapter, Adapter) and isinstance(adapter.settings, TrainSettings)
