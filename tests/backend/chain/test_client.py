"""The client on a chain of its own: raw calls, time, coin, and what it says when nothing answers."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from backend.chain.client import METHOD_NOT_FOUND, ChainClient, RpcError
from backend.config import Settings
from backend.errors import ChainUnavailable, NotADevelopmentChain
from tests.backend.chain.conftest import free_port


def client_of(url: str) -> ChainClient:
    return ChainClient(Settings(_env_file=None, chain_rpc_url=url, chain_rpc_timeout_s=2))


@pytest.fixture
def client(bare_chain: str) -> ChainClient:
    return client_of(bare_chain)


def test_chain_and_blocks(client: ChainClient) -> None:
    assert client.chain_id == 31337 and client.is_development
    assert client.block_number() == 0
    genesis = client.block(0)
    assert genesis is not None and client.block(genesis["hash"]) == genesis
    assert client.block(99) is None


def test_time_moves_forward_and_mines(client: ChainClient) -> None:
    before = client.now()
    after = client.advance_time(86_400)
    assert before + 86_400 <= after <= before + 86_410
    assert client.block_number() == 1
    assert client.now() == after
    with pytest.raises(ValueError, match="forward"):
        client.advance_time(-1)


def test_coin(client: ChainClient) -> None:
    address = "0x" + "12" * 20
    client.fund(address, 5)
    assert client.balance(address) == 5


def test_unknown_method_is_no_crash(client: ChainClient) -> None:
    with pytest.raises(RpcError) as caught:
        client.rpc("eth_noSuchMethod")
    assert caught.value.number == METHOD_NOT_FOUND


def test_nothing_answers() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ChainUnavailable) as caught:
        client_of(url).block_number()
    assert url in caught.value.message and "MELTINGPOT_CHAIN_RPC_URL" in caught.value.what_to_do


class _Page(http.server.BaseHTTPRequestHandler):
    """A web server that is no chain; answers every method as unknown under /rpc."""

    def do_POST(self) -> None:
        body = (
            b'{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no"}}'
            if self.path == "/rpc"
            else b"<html>"
        )
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web_server() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("path, text", [("/", "no JSON"), ("/broken", "HTTP 500")])
def test_something_else_answers(web_server: str, path: str, text: str) -> None:
    with pytest.raises(ChainUnavailable, match=text):
        client_of(web_server + path).block_number()


def test_time_of_a_real_chain_cannot_be_moved(web_server: str) -> None:
    with pytest.raises(NotADevelopmentChain):
        client_of(web_server + "/rpc").advance_time(1)
    with pytest.raises(NotADevelopmentChain):
        client_of(web_server + "/rpc").fund("0x" + "12" * 20)
