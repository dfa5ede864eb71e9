"""Manifest and watermark on what is delivered, and the way back from a file to its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.errors import ConfigurationError
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
