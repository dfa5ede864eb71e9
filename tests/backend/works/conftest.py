"""The world of the sales tests; what a test sends to the chain is undone afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.backend.sales_world import World, world  # noqa: F401


@pytest.fixture
def forgotten(world: World) -> Iterator[World]:  # noqa: F811
    world.index()
    snapshot = world.ctx.client.rpc("evm_snapshot")
    yield world
    world.ctx.client.rpc("evm_revert", snapshot)
    world.index()


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Writes a manifest of plain pictures: (artist, colour) each."""

    def write(*works: tuple[str, str], name: str = "MANIFEST.jsonl") -> Path:
        lines = []
        for number, (artist, colour) in enumerate(works):
            file = tmp_path / f"{number}-{colour.strip('#')}.png"
            Image.new("RGB", (20, 20), colour).save(file)
            lines.append(
                {
                    "file": file.name,
                    "artist": artist,
                    "title": f"{colour} by {artist}",
                    "tags": ["plain"],
                    "licence": "CC0-1.0",
                    "source": "",
                }
            )
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(line) for line in lines))
        return path

    return write
