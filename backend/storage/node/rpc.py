"""The part of Kubo's RPC (`/api/v0`) that this project and ordinary Kubo clients use.

https://docs.ipfs.tech/reference/kubo/rpc/ — POST only, errors as 500 with {"Message", "Code", "Type"}.
"""

from __future__ import annotations

import asyncio
import json
import platform
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from aiohttp import web

from backend.storage.cid import Cid
from backend.storage.node import archives
from backend.storage.node.blocks import shown
from backend.storage.node.library import VERSION, LibraryError
from backend.storage.node.repository import Repository
from backend.storage.node.uploads import add_all, check_layout, flag, receive

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# More than a few importers at once only wait for the same disk.
_THREADS = 4


async def stream(
    request: web.Request, pieces: Iterable[bytes], headers: dict[str, str], run: Callable[..., Awaitable[Any]]
) -> web.StreamResponse:
    """Send pieces as they come. The first is read before the headers go out, so that its errors are still a
    status."""
    iterator = iter(pieces)

    def following() -> bytes | None:
        return next(iterator, None)

    piece = await run(following)
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    try:
        while piece is not None:
            await response.write(piece)
            piece = await run(following)
    except (LookupError, ValueError, OSError):
        # Too late for a status: cutting the connection is the only way to say that something is missing.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


class Rpc:
    """Handlers of the RPC over one repository; `stop` is called by `shutdown`."""

    def __init__(self, repository: Repository, stop: Callable[[], None]) -> None:
        self._repository, self._blocks, self._stop = repository, repository.blocks, stop
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="kubo")
        self._commands: dict[str, Callable[[web.Request], Awaitable[Any]]] = {
            "add": self.add,
            "cat": self.cat,
            "get": self.get,
            "ls": self.ls,
            "pin/add": self.pin_add,
            "pin/rm": self.pin_rm,
            "pin/ls": self.pin_ls,
            "block/get": self.block_get,
            "block/stat": self.block_stat,
            "dag/export": self.dag_export,
            "repo/stat": self.repo_stat,
            "version": self.version,
            "id": self.identity,
            "shutdown": self.shutdown,
        }

    def application(self) -> web.Application:
        """The web application to serve on loopback."""
        application = web.Application()
        application.router.add_route("*", "/api/v0/{command:.+}", self.dispatch)
        return application

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a blocking function in the node's own threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """One command. A browser (Origin) or a rebound host name is refused: the API has no password."""
        host = request.host if request.host.endswith("]") else request.host.rsplit(":", 1)[0]
        if "Origin" in request.headers or "Referer" in request.headers or host.lower() not in _LOOPBACK:
            return web.Response(
                status=403, text="403 - Forbidden: this API answers local programs, not web pages\n"
            )
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"}, text="405 - Method Not Allowed\n")
        command = self._commands.get(request.match_info["command"])
        if command is None:
            return web.Response(status=404, text="404 page not found: not a command of the embedded node\n")
        try:
            answer = await command(request)
        except (LookupError, ValueError, LibraryError, OSError) as error:
            return web.json_response({"Message": str(error), "Code": 0, "Type": "error"}, status=500)
        if isinstance(answer, web.StreamResponse):
            return answer
        lines = answer if isinstance(answer, list) else [answer]
        return web.Response(
            text="".join(json.dumps(line) + "\n" for line in lines), content_type="application/json"
        )

    async def _resolve(self, request: web.Request) -> list[Cid]:
        paths = request.query.getall("arg", [])
        if not paths:
            raise ValueError('argument "ipfs-path" is required')
        return [await self.run(self._blocks.resolve, path) for path in paths]

    async def _stream(
        self, request: web.Request, pieces: Iterable[bytes], media_type: str
    ) -> web.StreamResponse:
        headers = {"Content-Type": media_type, "X-Stream-Output": "1", "X-Content-Type-Options": "nosniff"}
        return await stream(request, pieces, headers, self.run)

    async def add(self, request: web.Request) -> list[dict]:
        """Files and directories, in Kubo's CIDv0 layout."""
        check_layout(request.query)
        pin, wrap = flag(request.query, "pin", True), flag(request.query, "wrap-with-directory", False)
        with self._repository.upload_folder() as name:
            folder = self._repository.uploads / name
            tops = await receive(request, folder)
            added = await self.run(add_all, self._repository, tops, folder, pin, wrap)
        return [one.to_json() for one in added]

    async def cat(self, request: web.Request) -> web.StreamResponse:
        """The content of files, one after the other."""
        offset = int(request.query.get("offset", 0))
        length = int(request.query["length"]) if "length" in request.query else None
        if offset < 0 or (length is not None and length < 0):
            raise ValueError("offset and length must not be negative")
        roots = await self._resolve(request)
        pieces = (piece for cid in roots for piece in self._blocks.file(cid))
        return await self._stream(request, archives.part(pieces, offset, length), "text/plain")

    async def get(self, request: web.Request) -> web.StreamResponse:
        """A tar archive of a file or directory."""
        if flag(request.query, "compress", False):
            raise ValueError("compressed archives are not supported here: leave compress out")
        (root,) = await self._resolve(request)
        name = request.query["arg"].strip("/").split("/")[-1]
        file = await self.run(archives.tar, self._blocks, root, name, self._repository.uploads)
        with closing(file):
            return await self._stream(
                request, iter(lambda: file.read(1 << 20) or None, None), "application/x-tar"
            )

    async def ls(self, request: web.Request) -> dict:
        """Entries of directories; Type 1 = directory, 2 = file."""
        objects = []
        for path, root in zip(request.query.getall("arg", []), await self._resolve(request), strict=True):
            is_directory = await self.run(self._blocks.is_directory, root)
            entries = await self.run(self._blocks.entries, root) if is_directory else []
            links = [
                {
                    "Name": e.name,
                    "Hash": shown(e.cid),
                    "Size": e.size,
                    "Type": 1 if e.is_directory else 2,
                    "Target": "",
                }
                for e in entries
            ]
            objects.append({"Hash": path, "Links": links})
        return {"Objects": objects}

    async def pin_add(self, request: web.Request) -> dict:
        """Pin recursively what is already here."""
        roots = await self._resolve(request)
        for root in roots:
            await self.run(self._repository.pin, root)
        return {"Pins": [shown(root) for root in roots]}

    async def pin_rm(self, request: web.Request) -> dict:
        """Remove recursive pins."""
        roots = await self._resolve(request)
        for root in roots:
            await self.run(self._repository.unpin, root)
        return {"Pins": [shown(root) for root in roots]}

    async def pin_ls(self, request: web.Request) -> dict | list:
        """Recursive pins; with `arg`, fails when one of them is not the root of a pin."""
        kind = request.query.get("type", "all")
        if kind not in ("all", "recursive"):
            raise ValueError("this node keeps recursive pins only: ask for type=recursive or type=all")
        if "arg" in request.query:
            pinned = await self._resolve(request)
            for path, root in zip(request.query.getall("arg"), pinned, strict=True):
                if not self._repository.is_pinned(root):
                    raise LookupError(f"path '{path}' is not pinned")
        else:
            pinned = await self.run(self._repository.pinned)
        if flag(request.query, "stream", False):
            return [{"Cid": shown(cid), "Type": "recursive"} for cid in pinned]
        return {"Keys": {shown(cid): {"Type": "recursive"} for cid in pinned}}

    async def block_get(self, request: web.Request) -> web.Response:
        """One block's bytes."""
        (root,) = await self._resolve(request)
        return web.Response(
            body=await self.run(self._blocks.block, root), content_type="application/octet-stream"
        )

    async def block_stat(self, request: web.Request) -> dict:
        """One block's size in bytes."""
        (root,) = await self._resolve(request)
        return {"Key": shown(root), "Size": len(await self.run(self._blocks.block, root))}

    async def dag_export(self, request: web.Request) -> web.StreamResponse:
        """A CAR file, to move content to another node (`ipfs dag import`)."""
        (root,) = await self._resolve(request)
        return await self._stream(request, archives.car(self._blocks, root), "application/vnd.ipld.car")

    async def repo_stat(self, request: web.Request) -> dict:
        """Blocks and bytes in the repository."""
        blocks, size = await self.run(self._blocks.statistics)
        return {
            "NumObjects": blocks,
            "RepoSize": size,
            "StorageMax": 0,
            "RepoPath": str(self._repository.folder),
            "Version": "fs-repo@14",
        }

    async def version(self, request: web.Request) -> dict:
        """Kubo's version."""
        return {
            "Version": VERSION,
            "Commit": "embedded",
            "Repo": "14",
            "System": f"{platform.machine()}/linux",
            "Golang": "",
        }

    async def identity(self, request: web.Request) -> dict:
        """Peer identity; no addresses, since the node is offline."""
        return {
            "ID": self._repository.peer_id,
            "PublicKey": "",
            "Addresses": [],
            "Protocols": [],
            "AgentVersion": f"kubo/{VERSION}/embedded",
            "ProtocolVersion": "ipfs/0.1.0",
        }

    async def shutdown(self, request: web.Request) -> dict:
        """Stop the node after this answer."""
        asyncio.get_running_loop().call_later(0.1, self._stop)
        return {}
