"""Manifest and watermark on what is delivered, and the way back from a file to its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.errors import ConfigurationError
from backend.generations.service import MAX_QUANTITY
from backend.storage.cid import cid_of_digest
from model.images import encode_png
from model.provenance import credentials, manifest, watermark
from model.provenance.origin import Origin

if TYPE_CHECKING:
    from PIL.Image import Image

    from backend.config import Settings
    from backend.context import Context
    from backend.jobs.queue import LeasedOrder

FOLDER = "provenance"  # in the data folder: what development signs with


def credentials_of(settings: Settings) -> credentials.Credentials:
    """What this deployment signs with. Raises ConfigurationError in production without a usable pair."""
    chain, key = settings.provenance_certificates, settings.provenance_key
    try:
        if chain and key:
            return manifest.checked(credentials.load_credentials(chain, key))
        if settings.environment == "development":
            return credentials.development_credentials(settings.data_dir / FOLDER)
    except credentials.BadCredentials as error:
        raise ConfigurationError(
            f"{error}.", "Set MELTINGPOT_PROVENANCE_CERTIFICATES and …_KEY to a PEM pair for ES256."
        ) from error
    raise ConfigurationError(
        "Pictures carry a signed manifest, and no certificates are set.",
        "Set MELTINGPOT_PROVENANCE_CERTIFICATES (PEM, the leaf first) and MELTINGPOT_PROVENANCE_KEY.",
    )


def delivered(
    ctx: Context,
    leased: LeasedOrder,
    model_cid: str,
    pictures: Sequence[Image],
    signer: credentials.Credentials,
) -> tuple[list[Image], list[bytes]]:
    """An order's pictures as they are delivered, with their watermarks, and the signed PNG files of them."""
    origins = origins_of(ctx, leased, model_cid)
    found = marked(pictures, origins)
    return found, files(found, origins, signer)


def origins_of(ctx: Context, leased: LeasedOrder, model_cid: str) -> list[Origin]:
    """One for each picture of an order."""
    market = ctx.contracts.market.address
    return [
        Origin(
            ctx.client.chain_id, market, leased.order_id, number, model_cid, leased.order.prompt_hash
        )
        for number in range(leased.order.quantity)
    ]


def marked(pictures: Sequence[Image], origins: Sequence[Origin]) -> list[Image]:
    """The pictures as they are delivered: attribution and verification look at these, like anybody."""
    return [
        watermark.embed(picture, origin.payload) for picture, origin in zip(pictures, origins, strict=True)
    ]


def files(
    pictures: Sequence[Image], origins: Sequence[Origin], signer: credentials.Credentials
) -> list[bytes]:
    """Marked pictures as signed PNG files."""
    return [
        manifest.sign(encode_png(picture), origin, signer)
        for picture, origin in zip(pictures, origins, strict=True)
    ]


@dataclass(frozen=True)
class Registered:
    """A picture's order as the chain has it. `delivered_hashes` are the output hashes of the order's deliveries:
    a file's own sha256 where a delivery is one picture.
    """

    origin: Origin
    buyer: str
    delivered_hashes: tuple[str, ...]


def registered(ctx: Context, payload: bytes) -> Registered | None:
    """The order that a watermark belongs to, from the market's events alone; None where this deployment has
    none. Raises ChainUnavailable and the like when there is no deployment to ask.
    """
    from backend.chain.events import event_decoders
    from backend.chain.logs import logs_between

    market, found = ctx.contracts.market, None
    decoders, delivered = event_decoders(market.abi), []
    logs = logs_between(ctx.client, [market.address], ctx.contracts.start_block, ctx.client.block_number())
    for log in logs:
        decoder = decoders.get(log["topics"][0])
        if decoder is None or decoder.name not in ("OrderRequested", "OrderFulfilled"):
            continue
        told = decoder.values(log["topics"], log["data"])
        if decoder.name == "OrderFulfilled":
            delivered.append((told["orderId"], told["output"]["outputHash"]))
            continue
        for origin in _origins(ctx, told):
            if origin.payload == payload:
                found = origin, told["buyer"]
    if found is None:
        return None
    hashes = tuple(digest for order_id, digest in delivered if order_id == found[0].order_id)
    return Registered(*found, hashes)


def _origins(ctx: Context, requested: dict[str, Any]) -> list[Origin]:
    """One for each picture of an OrderRequested event."""
    order, chain_id, market = requested["order"], ctx.client.chain_id, ctx.contracts.market.address
    cid = cid_of_digest(order["modelDigest"])
    return [
        Origin(chain_id, market, requested["orderId"], number, cid, order["promptHash"])
        for number in range(min(order["quantity"], MAX_QUANTITY))  # no worker makes more at once
    ]
