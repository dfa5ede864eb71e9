"""A registered work's description, changed by its artist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eth_account.signers.local import LocalAccount

from backend.chain.indexer import wait_until_indexed
from backend.errors import NotFound
from backend.storage.cid import cid_of_digest
from backend.works import registration
from backend.works.catalogue import WORK_SCHEMA
from backend.works.files import Refused
from backend.works.service import TextRefused
from backend.works.tables import Work
from backend.works.texts import clean_tags, clean_text

if TYPE_CHECKING:
    from backend.context import Context


def change_description(
    ctx: Context,
    account: LocalAccount,
    artist_name: str,
    content_hash: str,
    changes: Mapping[str, str],
    direct: bool = False,
) -> str:
    """Publishes the work's document with `changes` (title, tags, licence, source) and the artist's name, and
    names it to the registry; its CID. Raises NotFound, TextRefused, ContractReverted."""
    wait_until_indexed(ctx.sessions, ctx.client.block_number())
    with ctx.sessions() as session:
        work = session.get(Work, content_hash)
    if work is None:
        raise NotFound(f"No work {content_hash} is registered.", "Check the hash.")
    document = dict(ctx.documents.get(cid_of_digest(work.metadata_digest), WORK_SCHEMA))
    # After a dispute the document still names whoever lost the work.
    document |= {"artist": account.address, **_clean({"artist_name": artist_name, **changes})}
    cid = ctx.documents.put(document)
    registration.set_metadata(ctx, account, {content_hash: cid}, direct)
    return cid


def _clean(texts: Mapping[str, str]) -> dict[str, Any]:
    """Under the same rules as a line of a manifest."""
    cleaned: dict[str, Any] = {}
    try:
        for name, text in texts.items():
            if name == "tags":
                cleaned[name] = list(clean_tags(text.split(",")))
            else:
                cleaned[name] = clean_text("artist" if name == "artist_name" else name, text)
    except Refused as refused:
        raise TextRefused(refused) from refused
    return cleaned
