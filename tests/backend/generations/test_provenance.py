"""A delivered picture leads back to its order, by the chain alone."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from backend.generations.provenance import registered
from backend.storage.cid import cid_of_digest
from model.provenance import manifest, watermark
from tests.backend.generations.test_worker import row
from tests.backend.sales_world import World


def test_a_delivered_file_leads_to_its_order(world: World) -> None:
    order_id = world.pay(41, "a red circle")
    worker = world.worker()
    while worker.run_once():
        world.index()
    data = world.ctx.ipfs.get(cid_of_digest(row(world, order_id).output_digest))
    told = manifest.read(data)
    assert told.valid and told.origin.order_id == order_id
    smaller = Image.open(io.BytesIO(data)).resize((300, 300))
    found = registered(world.ctx, watermark.detect(smaller).payload)
    assert found.origin == told.origin
    assert found.delivered_hashes == ("0x" + hashlib.sha256(data).hexdigest(),)
    assert registered(world.ctx, b"nobody's") is None
