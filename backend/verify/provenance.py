"""Each delivered picture's manifest and watermark against the order on the chain."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from backend.storage.cid import cid_of_digest
from backend.verify.checks import Findings
from backend.verify.deliveries import Delivered
from backend.verify.facts import Facts
from model.images import ImageRefused, open_image
from model.provenance import manifest, watermark
from model.provenance.origin import Origin


def check_provenance(
    facts: Facts, findings: Findings, delivered: Delivered, pictures: Sequence[bytes]
) -> None:
    """Manifests hold for the files as they are, and with the watermarks they name this order."""
    origins = origins_of(facts, delivered)
    problems: dict[str, list[str]] = {"valid": [], "named": [], "marked": []}
    for number, (data, origin) in enumerate(zip(pictures, origins, strict=True), start=1):
        for kind, found in _problems(data, origin).items():
            problems[kind] += [f"{number}.png: {problem}" for problem in found]
    sentences = {
        "valid": "every picture carries a valid C2PA manifest",
        "named": "the manifests name this order, its model version and the watermark",
        "marked": "every picture carries the watermark of this order",
    }
    for kind, sentence in sentences.items():
        findings.none_of(f"{delivered.name}: {sentence}", problems[kind], f"{len(pictures)} pictures")


def origins_of(facts: Facts, delivered: Delivered) -> list[Origin]:
    """What chain and order say of each picture of a delivery."""
    order, ctx = delivered.order, facts.ctx
    return [
        Origin(
            ctx.client.chain_id,
            ctx.contracts.market.address,
            delivered.order_id,
            number,
            cid_of_digest(order.model_digest),
            order.prompt_hash,
        )
        for number in range(delivered.first, delivered.first + delivered.quantity)
    ]


def pictures_of(facts: Facts, cid: str, quantity: int) -> list[bytes]:
    """The files in order: one, or those of a directory of 1.png, 2.png … for several."""
    if quantity == 1:
        return [facts.ctx.ipfs.get(cid)]
    with tempfile.TemporaryDirectory() as folder:
        found = facts.ctx.ipfs.get_directory(cid, Path(folder) / "output")
        names = [f"{number + 1}.png" for number in range(quantity)]
        if sorted(names) != sorted(path.name for path in found.iterdir()):
            raise ValueError(f"{cid} does not hold {quantity} pictures")
        return [(found / name).read_bytes() for name in names]


def _problems(data: bytes, origin: Origin) -> dict[str, list[str]]:
    """By kind of check."""
    try:
        found = _manifest_problems(manifest.read(data), origin)
    except ValueError as error:
        found = {kind: [str(error)] for kind in ("valid", "named")}
    return found | {"marked": _mark_problems(data, origin)}


def _manifest_problems(found: manifest.Manifest | None, origin: Origin) -> dict[str, list[str]]:
    if found is None:
        return {"valid": ["there is no manifest"], "named": ["there is no manifest"]}
    named = []
    if found.origin != origin:
        named.append(f"the manifest says {found.origin}")
    if found.source_type != manifest.SOURCE or found.training != manifest.TRAINING:
        named.append(f"it was created by {found.source_type or 'nothing'}, training: {found.training}")
    if found.watermark != origin.payload:
        told = found.watermark.hex() if found.watermark else "none"
        named.append(f"the manifest names the watermark {told}, the order's is {origin.payload.hex()}")
    return {"valid": list(found.problems), "named": named}


def _mark_problems(data: bytes, origin: Origin) -> list[str]:
    try:
        mark = watermark.detect(open_image(data))
    except ImageRefused as error:
        return [str(error)]
    if mark is None:
        return ["there is no watermark"]
    if mark.payload != origin.payload:
        return [f"the watermark is {mark.payload.hex()}, the order's is {origin.payload.hex()}"]
    return []
