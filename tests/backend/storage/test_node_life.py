"""The life of a node process: start, stop, kill -9, locks, busy ports, damaged content."""

from __future__ import annotations

import http.client as http_client
import os
import socket
import subprocess
from pathlib import Path

import pytest

from backend.storage.cid import cid_of
from backend.storage.errors import IpfsUnavailable, NotOnIpfs
from backend.storage.ipfs import Ipfs
from tests.backend.storage.conftest import PROJECT, Node, node_command, rpc


def test_sigterm_and_shutdown_stop_cleanly_and_the_content_stays(new_node):
    node = new_node()
    cid = Ipfs(node.api).add(b"kept")
    assert node.stop() == 0
    node = new_node()
    assert Ipfs(node.api).get(cid) == b"kept"
    assert rpc(node, "shutdown").status == 200
    assert node.process.wait(timeout=10) == 0


def test_after_kill_9_pins_are_kept_and_left_overs_removed(new_node):
    node = new_node()
    ipfs = Ipfs(node.api)
    wanted = ipfs.add_many([os.urandom(2000) for _ in range(60)])
    big = os.urandom(700_000)
    wanted.append(ipfs.add(big))
    (node.repo / "uploads" / "left-over").write_bytes(b"x")
    node.kill()
    assert (node.repo / "kubo" / "repo.lock").exists()
    node = new_node()
    ipfs = Ipfs(node.api)
    assert all(ipfs.is_pinned(cid) for cid in wanted)
    assert ipfs.get(wanted[-1]) == big
    assert not list((node.repo / "uploads").iterdir())


def test_a_killed_first_start_leaves_nothing_that_hinders(new_node, tmp_path: Path):
    half = tmp_path / "repo" / "kubo.new"
    half.mkdir(parents=True)
    (half / "config").write_text("{")
    assert new_node().ready["ready"]


def refused(command: list[str]) -> str:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    return done.stderr


def test_a_locked_folder_is_told_in_one_line(node: Node):
    message = refused(node_command(node.repo))
    assert str(node.repo) in message and f"process id {node.process.pid}" in message


def test_a_busy_port_is_told_in_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} for the api" in refused(node_command(tmp_path / "a", api_port=port))
        assert f"port {port} for the gateway" in refused(node_command(tmp_path / "b", gateway_port=port))
    assert not (tmp_path / "a").exists()


def test_a_client_goes_on_after_a_restart(new_node):
    node = new_node()
    ports = {"api_port": node.ready["api_port"], "gateway_port": node.ready["gateway_port"]}
    ipfs = Ipfs(node.api)
    cid = ipfs.add(b"before")
    node.kill()
    new_node(**ports)
    assert ipfs.get(cid) == b"before" and ipfs.add(b"after") == cid_of(b"after")


def test_a_block_damaged_on_disk_is_not_served(new_node):
    node = new_node()
    cid = Ipfs(node.api).add(b"precious content")
    (block,) = [
        path for path in (node.repo / "kubo" / "blocks").rglob("*.data") if b"precious" in path.read_bytes()
    ]
    block.write_bytes(block.read_bytes().replace(b"precious", b"worthless"))
    assert "damaged on disk" in rpc(node, f"cat?arg={cid}").json["Message"]


def test_content_with_a_hole_ends_in_a_cut_connection(new_node):
    node = new_node()
    cid = Ipfs(node.api).add(bytes(262_144) + b"the second leaf")
    (block,) = [
        path for path in (node.repo / "kubo" / "blocks").rglob("*.data") if b"second" in path.read_bytes()
    ]
    block.unlink()
    for command in ("cat", "dag/export"):
        with pytest.raises((http_client.IncompleteRead, ConnectionError)):
            rpc(node, f"{command}?arg={cid}")
    assert "could not find" in rpc(node, f"pin/add?arg={cid}").json["Message"]
    with pytest.raises((IpfsUnavailable, NotOnIpfs)):
        Ipfs(node.api).get(cid)
    assert rpc(node, "version").status == 200
