"""A small world with real parts: anvil, IPFS node, contracts, a pipeline trained for two steps, a finalised
round.

Made once for all test folders that use it (each imports the fixture `world`), because it takes some seconds.
"""

from __future__ import annotations

import atexit
import json
import os
import tempfile
import threading
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from eth_account.signers.local import LocalAccount
from PIL import Image, ImageDraw

from backend.chain.indexer import Indexer
from backend.context import Context
from backend.generations import service
from backend.generations.orders import Order
from backend.stack.local import LocalStack
from backend.storage.cid import digest_of
from backend.training import rounds
from backend.training import service as training
from backend.training.method import Method
from backend.training.report import leaves_of, root_of
from backend.worker import Worker
from backend.works.service import import_manifest
from model.attribution import contribution
from model.attribution.evidence import Probes, Retrained
from model.attribution.index import ArtistIndex
from model.settings import SMALL, AttributionSettings, RetrainSettings, SampleSettings, TrainSettings

PORTS = {"chain": 18700, "ipfs": 18710, "gateway": 18720, "api": 18730}
TRAINING = TrainSettings(
    size=16, widths=(16, 32), heads=2, text_width=32, text_layers=1, steps=2, batch_size=4, warmup_steps=1
)
METHOD = Method(
    AttributionSettings(dimensions=256, noise_levels=1, probes=4, probe_steps=2),
    RetrainSettings(retrains=6, noise_levels=2, score_dimensions=64, score_noise_levels=1),
    SMALL.but(widths=(16, 16), steps=2, batch_size=4),
)
SAMPLING = SampleSettings(steps=2, batch_size=2)
FROM_EVIDENCE = contribution.contribution_from
_INDEXING = threading.Lock()
INKS = {"Ada": "#c0392b", "Béla": "#2471a3", "Chidi": "#1e8449", "Dora": "#7d3c98"}


@dataclass
class World:
    """What the tests work with; `index()` brings the tables to the chain's head."""

    ctx: Context
    stack: LocalStack
    indexer: Indexer

    def index(self) -> None:
        with _INDEXING:  # one indexer at a time, as in production
            while self.indexer.run_once():
                pass

    def buyer(self, number: int, dollars: int = 50) -> LocalAccount:
        """A buyer with coin for gas and settlement tokens."""
        account = self.ctx.wallets.account(f"buyer:{number}")
        self.ctx.client.fund(account.address)
        self.ctx.sender("deployer").send(
            self.ctx.contracts.token.functions.mint(account.address, dollars * 10**6)
        )
        return account

    def artist(self, name: str) -> LocalAccount:
        return self.ctx.wallets.account(f"artist:{name}")

    def quote(self, account: LocalAccount, prompt: str = "a red circle", **options: int) -> Order:
        return service.quote(self.ctx, prompt, account.address, **options)

    def pay(self, number: int = 1, prompt: str = "a red circle", **options: int) -> str:
        """A paid and indexed order by ERC-3009; its id."""
        account = self.buyer(number)
        order_id = service.request_by_authorization(
            self.ctx, account, self.quote(account, prompt, **options), prompt
        )
        self.index()
        return order_id

    def worker(self) -> Worker:
        return Worker(self.ctx, sampling=SAMPLING)


def _draw(path: Path, ink: str, number: int) -> None:
    image = Image.new("RGB", (32, 32), "white")
    pen = ImageDraw.Draw(image)
    (pen.ellipse if number % 2 else pen.rectangle)((4 + number, 4, 28, 28 - number), fill=ink)
    image.save(path)


def _register(world: World, folder: Path) -> None:
    lines = []
    for name, ink in INKS.items():
        for number in range(2):
            _draw(folder / f"{name}-{number}.png", ink, number)
            lines.append(
                {
                    "file": f"{name}-{number}.png",
                    "artist": name,
                    "title": f"{name} {number}",
                    "tags": ["shape"],
                    "licence": "CC0-1.0",
                    "source": "drawn by the tests",
                }
            )
    manifest = folder / "MANIFEST.jsonl"
    manifest.write_text("\n".join(json.dumps(line) for line in lines))
    result = import_manifest(manifest, world.ctx, quiet)
    assert result.accepted == len(lines), result.refused
    world.index()


def _register_unreadable(world: World) -> None:
    """A stranger registers, with consent, what nobody can train on: no description, no picture, nothing at all."""
    ctx, stranger = world.ctx, world.ctx.wallets.account("artist:stranger")
    ctx.client.fund(stranger.address)
    text = b"this is no picture"
    nothing = "0x" + "ab" * 32
    digests = [
        (nothing, nothing, nothing),
        ("0x" + "cd" * 32, digest_of(ctx.ipfs.add(text)), digest_of(ctx.ipfs.add(b"{}"))),
    ]
    works = [tuple(bytes.fromhex(digest[2:]) for digest in work) + (1,) for work in digests]
    ctx.sender("artist:stranger").send(ctx.contracts.registry.functions.register(works))
    world.index()


def quiet(*_: object) -> None:
    """Progress that nobody watches."""


def _as_foreseen(index: ArtistIndex, probes: Probes, retrained: Retrained) -> contribution.Contribution:
    """The contribution when retraining shows just what the index foresees, but for a part that no artist is
    behind. Two training steps show nothing, and then no sale would credit anybody; everything from these
    losses on is real. That nobody trained for them is for `verify --retrain` to find.
    """
    told = retrained.subsets @ contribution.index_scores(index, probes).T.astype(float)
    told = (told - told.mean(0)) / told.std(0)
    noise = np.random.default_rng(0).standard_normal(told.shape)
    losses = np.rint(1e6 * (0.5 - 0.01 * (told + 0.2 * noise))).astype(np.int64)
    return FROM_EVIDENCE(index, probes, replace(retrained, losses=losses))


def _finalise_round(world: World) -> None:
    ctx = world.ctx
    trained = training.train_round(ctx, TRAINING, quiet, from_scratch=True)
    with patch.object(contribution, "contribution_from", _as_foreseen):
        _, report_cid = training.measure_contributions(ctx, trained, METHOD, quiet)
    ctx.client.fund(ctx.wallets.address("proposer"))
    bond = ctx.contracts.rules.functions.current().call()[12]
    ctx.sender("deployer").send(ctx.contracts.token.functions.mint(ctx.wallets.address("proposer"), bond))
    round_id = rounds.propose(ctx, report_cid)
    world.index()
    ctx.client.advance_time(3 * 86_400 + 1)
    rounds.finalise(ctx, round_id)
    world.index()
    rounds.claim_all(ctx, round_id)
    world.index()


def rooted(report: dict, round_id: int) -> dict:
    """The report for round `round_id`, with the roots that its leaves have there."""
    report["round_id"] = round_id
    for part, key in (("artists", "allocations_root"), ("learning", "learning_root")):
        report[key] = root_of(round_id, leaves_of(report, part))
    return report


@cache
def _made() -> World:
    torch.set_num_threads(1)
    os.environ.setdefault("SOLCX_BINARY_PATH", str(Path(__file__).resolve().parents[2] / ".solcx"))
    folder = tempfile.TemporaryDirectory(prefix="sales-world-")
    stack = LocalStack(Path(folder.name) / "data", ports=dict(PORTS))
    settings = stack.start(only=("chain", "ipfs"))
    atexit.register(folder.cleanup)
    atexit.register(stack.stop)
    ctx = Context(settings)
    for role in ("operator", "relayer", "proposer", "deployer"):
        ctx.client.fund(ctx.wallets.address(role))
    world = World(ctx, stack, Indexer(ctx.client, ctx.contracts, ctx.sessions))
    world.index()
    _register(world, Path(folder.name))
    _register_unreadable(world)
    _finalise_round(world)
    return world


@pytest.fixture(scope="session")
def world() -> World:
    return _made()
