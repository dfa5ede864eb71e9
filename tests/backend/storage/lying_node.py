"""An HTTP server in the place of an IPFS node, which answers what the test wants: lies, noise, silence."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """`command_path` is the part behind /api/v0/, `argument` the CID asked for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answer: Answer

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        self.command_path = url.path.removeprefix("/api/v0/")
        self.argument = parse_qs(url.query).get("arg", [""])[0]
        self._read_body()
        type(self).answer(self)

    def _read_body(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def send(self, body: bytes, status: int = 200, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, *lines: object, status: int = 200) -> None:
        self.send("".join(json.dumps(line) + "\n" for line in lines).encode(), status, "application/json")

    def send_for_ever(self, piece: bytes, pause_s: float = 0.0) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()
                time.sleep(pause_s)
        except OSError:
            self.close_connection = True

    def stay_silent(self, seconds: float) -> None:
        time.sleep(seconds)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def lying_node(answer: Answer) -> Iterator[str]:
    """The URL of a server that treats every request with `answer`."""
    handler = type("Handler", (Request,), {"answer": staticmethod(answer)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
