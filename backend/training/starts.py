"""What a round's training begins with: the last final round's model version, a shipped checkpoint, nothing.

A start is used only when every work behind it is in the new dataset. So a work that was withdrawn is in no
later model version: the next round then starts from what never had it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.storage.cid import cid_of_digest
from backend.storage.documents import canonical
from backend.training import artifacts
from backend.training.tables import Round

if TYPE_CHECKING:
    from backend.context import Context
    from model.dataset import Manifest


@dataclass(frozen=True)
class Start:
    """A directory to train on from; `told` is what settings and report say of it."""

    directory: Path
    told: dict[str, Any]


def start_of(ctx: Context, manifest: Manifest) -> Start | None:
    """The last finalised round's model version, else the shipped checkpoint with the most works; None when a
    work behind each of them is not in the manifest.
    """
    from model.checkpoint import may_start, usable_start

    cid = _last_model_cid(ctx)
    if cid is not None and may_start(directory := artifacts.model_directory(ctx, cid), manifest):
        return Start(directory, {"model_cid": cid, **described(directory)})
    shipped = usable_start(manifest)
    return Start(shipped, {"checkpoint": shipped.name, **described(shipped)}) if shipped else None


def described(directory: Path) -> dict[str, Any]:
    """Steps of a checkpoint's life, and the works behind it by number and hash."""
    from model.checkpoint import history_of, total_steps, works_behind

    works = sorted(work["content_hash"] for work in works_behind(directory))
    return {
        "steps": total_steps(history_of(directory)),
        "works": len(works),
        "works_hash": "0x" + hashlib.sha256(canonical(works)).hexdigest(),
    }


def _last_model_cid(ctx: Context) -> str | None:
    last = select(Round.model_digest).where(Round.state == "finalised").order_by(Round.round_id.desc())
    with ctx.sessions() as session:
        digest = session.scalar(last.limit(1))
    return None if digest is None else cid_of_digest(digest)
