"""A drawing as the generator's are, an origin and credentials, all made anew."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from model.provenance.credentials import Credentials, make_credentials
from model.provenance.origin import Origin

ORIGIN = Origin(31337, "0x" + "11" * 20, "0x" + "22" * 32, 0, "bafybeigdyrzt", "0x" + "33" * 32)


@pytest.fixture(scope="session")
def drawing() -> Image.Image:
    """512 px, scaled up from 64 as the generator's pictures are, flat on white."""
    small = Image.new("RGB", (64, 64), "white")
    pen = ImageDraw.Draw(small)
    pen.ellipse((10, 8, 54, 52), fill="#f1b31c", outline="black", width=2)
    pen.rectangle((22, 24, 42, 30), fill="#3f3f3f")
    return small.resize((512, 512), Image.Resampling.LANCZOS)


@pytest.fixture(scope="session")
def signer() -> Credentials:
    return make_credentials()
