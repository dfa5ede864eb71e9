"""Contributions from published evidence: an honest round is right, and each number that somebody bends is found.

What fits together from the losses on is found by training again, and by nothing else.
"""

from __future__ import annotations

import copy
import io
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.training import rounds
from backend.training import service as training
from backend.verify.checks import Findings
from backend.verify.contributions import check_scores
from backend.verify.facts import read_facts
from backend.verify.models import _check_compute
from backend.verify.retraining import check_retrainings
from model.attribution import contribution
from model.attribution.evidence import (
    Measured,
    Retrained,
    load_measured,
    load_probes,
    load_retrained,
)
from model.attribution.index import ArtistIndex
from model.settings import TrainSettings
from tests.backend.sales_world import METHOD, TRAINING, World, quiet
from tests.backend.verify.test_verify import Stranger, failed


@pytest.fixture
def report(sold: World) -> dict[str, Any]:
    return copy.deepcopy(rounds.read_report(sold.ctx, rounds.round_of(sold.ctx, 1).report_cid))


def findings(world: World, report: dict[str, Any]) -> list[str]:
    found = Findings()
    found.guard("can be read", lambda: check_scores(read_facts(Stranger(world)), found, "Round 1", report))
    return failed(found.checks)


def part_of(world: World, report: dict[str, Any], name: str, load: Callable[..., Any]) -> Any:
    return load(io.BytesIO(world.ctx.ipfs.get(report[f"{name}_cid"])))


def publish(world: World, report: dict[str, Any], folder: Path, name: str, part: Any) -> None:
    part.save(folder / name)
    report[f"{name}_cid"] = world.ctx.ipfs.add((folder / name).read_bytes())


def recompute(world: World, report: dict[str, Any], folder: Path, measured: Measured | None = None) -> None:
    """Everything after the losses, or after `measured`, as an honest measurer would have it from there."""
    index = part_of(world, report, "index", ArtistIndex.load)
    probes = part_of(world, report, "probes", load_probes)
    retrained = part_of(world, report, "retrained", load_retrained)
    found = contribution.contribution_from(index, probes, retrained)
    measured = measured or found.measured
    scores, threshold, allocations = contribution.allocated(index, measured.effects)
    ends = contribution.intervals_of(index, measured)
    publish(world, report, folder, "effects", measured)
    report["quality"] = contribution.quality_of(
        contribution.index_scores(index, probes), retrained, measured.noise
    )
    report["effect_threshold"] = threshold
    report["scores"] = [{"artist": artist, "score": score} for artist, score in scores.items()]
    report["allocations"] = [
        {"artist": artist, "allocation": allocations.get(artist, 0), "low": low, "high": high}
        for artist, (low, high) in ends.items()
    ]


def test_what_was_published_is_right(sold: World, report: dict[str, Any]) -> None:
    assert findings(sold, report) == []
    assert report["quality"]["w_bps"] > 0, "else the sales of this world would prove nothing"
    assert report["quality"]["retrains"] == 6


def bend_low(report: dict[str, Any]) -> None:
    entry = max(report["allocations"], key=lambda each: each["high"] - each["low"])
    entry["low"], entry["high"] = entry["allocation"], entry["allocation"]


NUMBERS = {
    "an interval is narrower": (bend_low, "intervals of the allocations"),
    "an artist has no interval": (lambda r: r["allocations"].pop(), "intervals of the allocations"),
    "w": (lambda r: r["quality"].update(w_bps=r["quality"]["w_bps"] - 2), "quality follows"),
    "the ceiling": (lambda r: r["quality"].update(ceiling=5), "quality follows"),
    "the threshold of sales": (lambda r: r.update(sale_threshold=r["sale_threshold"] - 1), "threshold of sales"),
    "the threshold of effects": (
        lambda r: r.update(effect_threshold=r["effect_threshold"] + 1),
        "contribution scores follow",
    ),
    "the retrainings' seed": (
        lambda r: r["method"]["parameters"]["retrain"].update(subsets_seed=2),
        "halves of the artists that the method draws",
    ),
    "the small network": (
        lambda r: r["method"]["parameters"]["network"].update(steps=1),
        "known method",
    ),
    "the effects are another file's": (lambda r: r.update(effects_cid=r["probes_cid"]), "can be read"),
}


@pytest.mark.parametrize("what", NUMBERS)
def test_a_bent_number_is_found(sold: World, report: dict[str, Any], what: str) -> None:
    bend, expected = NUMBERS[what]
    bend(report)
    found = findings(sold, report)
    assert any(expected in line for line in found), found


def favoured(measured: Measured, by: int = 5_000) -> Measured:
    effects = measured.effects.copy()
    effects[:, 0] += by
    return replace(measured, effects=effects)


BENT_EFFECTS = {
    "one artist's effects": favoured,
    "deviations": lambda measured: replace(measured, deviations=measured.deviations // 2),
    "the noise": lambda measured: replace(measured, noise=measured.noise + 0.1),
}


@pytest.mark.parametrize("what", BENT_EFFECTS)
def test_bent_effects_are_found_though_all_that_follows_fits(
    sold: World, report: dict[str, Any], what: str, tmp_path: Path
) -> None:
    recompute(sold, report, tmp_path, BENT_EFFECTS[what](part_of(sold, report, "effects", load_measured)))
    found = findings(sold, report)
    assert len(found) == 1 and "effects follow from index, probes and the losses" in found[0], found


def test_the_last_digit_of_an_effect_is_no_finding(sold: World, report: dict[str, Any], tmp_path: Path) -> None:
    """Another machine's floating point rounds the other way; from there on the integers are its own."""
    recompute(sold, report, tmp_path, favoured(part_of(sold, report, "effects", load_measured), by=1))
    assert findings(sold, report) == []


def test_bent_losses_are_found(sold: World, report: dict[str, Any], tmp_path: Path) -> None:
    retrained = part_of(sold, report, "retrained", load_retrained)
    losses = retrained.losses - 3_000 * retrained.subsets[:, :1]
    publish(sold, report, tmp_path, "retrained", replace(retrained, losses=losses))
    assert any("effects follow from index, probes and the losses" in line for line in findings(sold, report))


def test_halves_of_the_measurers_own_are_found(sold: World, report: dict[str, Any], tmp_path: Path) -> None:
    """Another half in place of the last one, with everything that follows."""
    retrained = part_of(sold, report, "retrained", load_retrained)
    subsets = retrained.subsets.copy()
    subsets[-1] = subsets[0]
    publish(sold, report, tmp_path, "retrained", replace(retrained, subsets=subsets))
    recompute(sold, report, tmp_path)
    found = findings(sold, report)
    assert len(found) == 1 and "halves of the artists that the method draws" in found[0], found


def test_retrainings_left_out_are_found(sold: World, report: dict[str, Any], tmp_path: Path) -> None:
    """The measurer keeps the retrainings that suit it."""
    retrained = part_of(sold, report, "retrained", load_retrained)
    fewer = Retrained(retrained.subsets[:-1], retrained.losses[:-1], retrained.scores[:-1])
    publish(sold, report, tmp_path, "retrained", fewer)
    recompute(sold, report, tmp_path)
    assert any("halves of the artists that the method draws" in line for line in findings(sold, report))


def test_losses_that_nobody_trained_are_found_by_training_again(sold: World) -> None:
    """The world's own (see `sales_world`): all that follows from them fits, and no small network gives them."""
    found = Findings()
    check_retrainings(read_facts(Stranger(sold)), found, 1, quiet, random.Random(0))
    (line,) = failed(found.checks)
    assert "gives the published losses and scores again" in line


def test_an_honest_round_is_right_and_its_retrainings_repeat(forgotten: World) -> None:
    ctx = forgotten.ctx
    _, cid = training.measure_contributions(ctx, training.trained_model(ctx), METHOD, quiet)
    rounds.propose(ctx, cid)
    facts, found = read_facts(Stranger(forgotten)), Findings()
    check_scores(facts, found, "Round 2", rounds.read_report(ctx, cid))
    assert failed(found.checks) == []
    facts.events[:] = [event for event in facts.events if event.args.get("roundId") != 1]
    check_retrainings(facts, found, 2, quiet, random.Random(0))
    assert failed(found.checks) == []
    repeated = [check.detail for check in found.checks if "scores again" in check.name]
    assert len(repeated) == 2 and all(detail.startswith("0.0000 and 0.0000 of") for detail in repeated), repeated


@pytest.mark.parametrize("kind", ["compute", "captions"])
def test_units_that_nobody_worked_are_found(sold: World, report: dict[str, Any], kind: str) -> None:
    directory = training.artifacts.model_directory(sold.ctx, report["model"]["cid"])
    settings = TrainSettings.from_json(TRAINING.to_json())
    for expected in (True, False):
        found = Findings()
        _check_compute(found, "Round 1", report, settings, directory)
        assert found.checks[0].ok is expected, found.checks
        report["learning"].append({"account": "0x" + "22" * 20, "kind": kind, "units": 1})
