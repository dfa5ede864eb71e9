"""A read-only HTTP gateway for browsers: `GET /ipfs/CID[/path]`.

What is stored here was uploaded by strangers. So the media type comes from the bytes and only pictures, JSON
and plain text get one that a browser shows; nothing runs as a script in this origin.
"""

from __future__ import annotations

import codecs
import html
import urllib.parse
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from typing import Any

from aiohttp import web

from backend.storage.cid import Cid
from backend.storage.node.blocks import BlockMissing, BlockStore
from backend.storage.node.rpc import stream

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
_IMMUTABLE = "public, max-age=31536000, immutable"
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def media_type(beginning: bytes, whole: bool) -> str:
    """The media type told by the first bytes of a file; `whole` says that they are all of it."""
    for magic, kind in _PICTURES:
        if beginning.startswith(magic):
            return kind
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image/webp"
    try:
        # Incremental: a cut inside the last character is no sign of binary data.
        text = codecs.getincrementaldecoder("utf-8")().decode(beginning, final=whole)
    except UnicodeDecodeError:
        return "application/octet-stream"
    if "\0" in text:
        return "application/octet-stream"
    return "application/json" if text.lstrip()[:1] in ("{", "[") else "text/plain; charset=utf-8"


class Gateway:
    """Handlers of the gateway; `run` calls a blocking function in a thread."""

    def __init__(self, blocks: BlockStore, run: Callable[..., Awaitable[Any]]) -> None:
        self._blocks, self._run = blocks, run

    def application(self) -> web.Application:
        """The web application; only GET and HEAD have routes."""
        application = web.Application()
        application.router.add_get("/ipfs/{path:.+}", self.serve)
        return application

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A file, or the listing of a directory."""
        path = request.match_info["path"]
        try:
            return await self._serve(request, path)
        except BlockMissing as error:
            return _refusal(404, f"{error}\nThis gateway serves what its own node holds.")
        except LookupError as error:
            return _refusal(404, str(error.args[0]))
        except ValueError as error:
            return _refusal(400, str(error))

    async def _serve(self, request: web.Request, path: str) -> web.StreamResponse:
        root = await self._run(self._blocks.resolve, path)
        tag = f'"{root}"'
        headers = _HEADERS | {
            "Cache-Control": _IMMUTABLE,
            "ETag": tag,
            "X-Ipfs-Path": "/ipfs/" + urllib.parse.quote(path),
        }
        if tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        if await self._run(self._blocks.is_directory, root):
            return await self._directory(request, path, root, headers)
        size = (await self._run(self._blocks.node, root)).size
        pieces, first = await self._run(_begin, self._blocks.file(root))
        headers |= {
            "Content-Type": media_type(first[:4096], len(first) <= 4096 and len(first) == size),
            "Content-Length": str(size),
        }
        if request.method == "HEAD":
            return web.Response(headers=headers)
        return await stream(request, pieces, headers, self._run)

    async def _directory(
        self, request: web.Request, path: str, root: Cid, headers: dict[str, str]
    ) -> web.Response:
        rows = []
        for entry in await self._run(self._blocks.entries, root):
            link = "/ipfs/" + urllib.parse.quote(f"{path.rstrip('/')}/{entry.name}")
            slash = "/" if entry.is_directory else ""
            size = "" if entry.is_directory else f"{entry.size:,} bytes"
            rows.append(
                f'<tr><td><a href="{link}{slash}">{html.escape(entry.name)}{slash}</a></td>'
                f"<td>{size}</td><td><code>{entry.cid}</code></td></tr>"
            )
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{root}</title>'
            "<style>body{font:16px sans-serif;margin:2em}td{padding:.2em 1em .2em 0}</style>"
            f"<h1>Directory {root}</h1><table>{''.join(rows)}</table></html>\n"
        )
        return web.Response(text=page, content_type="text/html", headers=headers)


def _begin(pieces: Iterator[bytes]) -> tuple[Iterator[bytes], bytes]:
    """Read the first piece and put it back in front."""
    first = next(pieces, b"")
    return chain([first] if first else [], pieces), first


def _refusal(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers=_HEADERS)
