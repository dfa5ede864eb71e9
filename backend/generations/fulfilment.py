"""From a leased order to what the market needs to be told: pictures, their place on IPFS, the attribution
record.

Everything but the time it takes is decided by the order and the model version, so a second worker that
repeats the work of a first one that died comes to the same pictures. Their files differ in the manifests'
signatures alone.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.generations.attribution import SCHEMA, encoded, with_credits
from backend.generations.errors import PromptRefused, QuantityRefused
from backend.generations.orders import prompt_hash_of
from backend.generations.service import MAX_QUANTITY, rules_of
from backend.generations.serving import ServedModel
from backend.storage.cid import digest_of
from model.settings import SampleSettings

if TYPE_CHECKING:
    from PIL.Image import Image

    from backend.context import Context
    from backend.jobs.queue import LeasedOrder

NEAREST_WORKS = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Output:
    """The pictures of one order on IPFS: a PNG file, or a directory of them for several."""

    cid: str
    sha256: str
    files: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """As in the attribution record."""
        return {
            "cid": self.cid,
            "sha256": self.sha256,
            "files": [{"name": name, "sha256": digest} for name, digest in self.files],
        }


@dataclass(frozen=True)
class Fulfilment:
    """An order's delivery, all of it at once, and the record behind it."""

    order_id: str
    quantity: int
    output_hash: str
    output_digest: str
    attribution_digest: str
    credits: tuple[tuple[str, int], ...]
    record: dict[str, Any]

    def to_chain(self) -> tuple[tuple[Any, ...], list[tuple[str, int]]]:
        """`GenerationMarket.Delivery` and its credits, the arguments of `fulfil`."""
        digests = (self.output_hash, self.output_digest, self.attribution_digest)
        output = (self.quantity, *(bytes.fromhex(digest[2:]) for digest in digests))
        return (bytes.fromhex(self.order_id[2:]), len(self.credits), output), list(self.credits)


def seed_of(order_id: str, number: int) -> int:
    """Seed of an order's picture `number` (from 0): 63 bits of sha256(order id ‖ number as 4 bytes)."""
    return (
        int.from_bytes(
            hashlib.sha256(bytes.fromhex(order_id[2:]) + number.to_bytes(4, "big")).digest()[:8], "big"
        )
        >> 1
    )


def generate(
    model: ServedModel, orders: Sequence[LeasedOrder], settings: SampleSettings, progress: Progress
) -> list[list[Image]]:
    """The pictures of each order, all orders in one sampling call. Raises QuantityRefused, PromptRefused."""
    from model.sample import generate as sample

    for order in orders:
        if order.order.quantity > MAX_QUANTITY:  # the contract knows no limit
            raise QuantityRefused(
                f"{order.order.quantity} pictures were ordered, at most {MAX_QUANTITY} are made at once.",
                "Split it into several orders; the money comes back after the deadline.",
            )
        if prompt_hash_of(order.prompt) != order.order.prompt_hash:  # the table is a cache, no authority
            raise PromptRefused(
                f"The stored prompt does not hash to {order.order.prompt_hash}, which the buyer signed.",
                "Remove it from the table `prompts` and have the buyer tell it again.",
            )
    prompts = [order.prompt for order in orders for _ in range(order.order.quantity)]
    seeds = [seed_of(order.order_id, number) for order in orders for number in range(order.order.quantity)]
    pictures = iter(sample(model.pipeline, prompts, seeds, settings, progress))
    return [[next(pictures) for _ in range(order.order.quantity)] for order in orders]


def pin(ctx: Context, pictures: Sequence[bytes]) -> Output:
    """Puts the pictures' PNG files on IPFS. `sha256` is the file's, or of the files' digests one after the other
    for a directory.
    """
    files = [(f"{number + 1}.png", data) for number, data in enumerate(pictures)]
    digests = tuple((name, "0x" + hashlib.sha256(data).hexdigest()) for name, data in files)
    if len(files) == 1:
        return Output(ctx.ipfs.add(files[0][1]), digests[0][1], digests)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files:
            Path(folder, name).write_bytes(data)
        cid = ctx.ipfs.add_directory(Path(folder))
    together = hashlib.sha256(b"".join(bytes.fromhex(digest[2:]) for _, digest in digests)).hexdigest()
    return Output(cid, "0x" + together, digests)


def attribute(
    ctx: Context,
    model: ServedModel,
    leased: LeasedOrder,
    pictures: Sequence[Image],
    output: Output,
    sampling: SampleSettings,
) -> Fulfilment:
    """Measures which artists the pictures drew on, and publishes the record. `pictures` are those of the files,
    watermark and all, so that anybody can measure again from what was delivered.
    """
    from model.attribution.index import queries

    order, report = leased.order, model.report
    measured = queries(model.pipeline, list(pictures), [leased.prompt] * len(pictures), model.attribution)
    told = {
        "schema": SCHEMA,
        "order_id": leased.order_id,
        "prompt": leased.prompt,
        "quantity": order.quantity,
        "price": str(leased.price),
        "seeds": [str(seed_of(leased.order_id, number)) for number in range(order.quantity)],
        "model_cid": model.cid,
        "report_cid": model.report_cid,
        "index_cid": report["index_cid"],
        "threshold": int(report["sale_threshold"]),
        "w_bps": int(report["quality"]["w_bps"]),
        "output": output.to_json(),
        "query": encoded(measured),
    }
    rules = rules_of(ctx, order.rules_version)
    record = with_credits(
        told, model.index.artists, model.index.rows, rules, model.index.centre
    )
    record["sampling"] = sampling.to_json()
    record |= likeness(model, pictures, [credit["artist"] for credit in record["credits"]])
    return Fulfilment(
        leased.order_id,
        order.quantity,
        output.sha256,
        digest_of(output.cid),
        digest_of(ctx.documents.put(record)),
        tuple((credit["artist"], int(credit["amount"])) for credit in record["credits"]),
        record,
    )


def likeness(model: ServedModel, pictures: Sequence[Image], artists: Sequence[str]) -> dict[str, Any]:
    """The nearest works of each credited artist, and of all works: how near the pictures come to a training
    work.
    """
    from model.duplicates.nearest import memorisation, nearest_works

    def nearest(artist: str) -> list[dict[str, Any]]:
        best: dict[str, float] = {}
        for picture in pictures:
            for content_hash, distance in nearest_works(picture, model.dataset, artist, NEAREST_WORKS):
                best[content_hash] = min(distance, best.get(content_hash, distance))
        ranked = sorted(best.items(), key=lambda item: (item[1], item[0]))[:NEAREST_WORKS]
        return [
            {"content_hash": content_hash, "distance": round(float(distance), 6)}
            for content_hash, distance in ranked
        ]

    return {
        "nearest": [{"artist": artist, "works": nearest(artist)} for artist in artists],
        "memorisation": [memorisation(picture, model.dataset) for picture in pictures],
    }
