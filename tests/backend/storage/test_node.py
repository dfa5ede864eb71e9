"""The embedded node's RPC: what it answers, and to whom."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import ipfshttpclient
import pytest

from backend.storage import cid as cids
from backend.storage.cid import cid_of, cid_of_directory, cid_of_file, parse
from backend.storage.ipfs import Ipfs
from tests.backend.storage.conftest import Node, http, rpc

ABSENT = parse(cid_of(b"nobody has this")).v0


def multipart(*parts: tuple[str, bytes | None]) -> tuple[dict[str, str], bytes]:
    """Body of an add request; None as data is a directory."""
    body = b""
    for name, data in parts:
        kind = "application/x-directory" if data is None else "application/octet-stream"
        body += (
            (
                f'--X\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                f"Content-Type: {kind}\r\n\r\n"
            ).encode()
            + (data or b"")
            + b"\r\n"
        )
    return {"Content-Type": "multipart/form-data; boundary=X"}, body + b"--X--\r\n"


def add(node: Node, *parts: tuple[str, bytes | None], query: str = ""):
    headers, body = multipart(*parts)
    return http(f"{node.api_url}/api/v0/add?{query}", "POST", headers, body)


def test_version_id_and_statistics(node: Node):
    assert rpc(node, "version").json["Version"] == "0.22.0"
    identity = rpc(node, "id").json
    assert identity["ID"].startswith(("Qm", "12D3")) and identity["Addresses"] == []
    Ipfs(node.api).add(b"at least one block")
    statistics = rpc(node, "repo/stat").json
    assert statistics["NumObjects"] > 0 and statistics["RepoSize"] > 0


def test_ready_line_tells_where_it_listens(node: Node):
    assert node.ready["ready"] is True and node.ready["pid"] == node.process.pid
    assert node.ready["api"] == f"/ip4/127.0.0.1/tcp/{node.ready['api_port']}/http"
    assert node.ready["gateway"] == f"http://127.0.0.1:{node.ready['gateway_port']}"


def test_cat_with_offset_and_length(node: Node):
    data = os.urandom(600_000)
    cid = Ipfs(node.api).add(data)
    assert rpc(node, f"cat?arg={cid}&offset=262140&length=10").body == data[262_140:262_150]
    assert rpc(node, f"cat?arg={cid}&offset=599990").body == data[599_990:]
    assert rpc(node, f"cat?arg={cid}&length=0").body == b""
    assert rpc(node, f"cat?arg={cid}&offset=-1").status == 500


def test_paths_below_a_directory(node: Node):
    lines = add(node, ("d", None), ("d/sub", None), ("d/sub/file", b"inside")).body.splitlines()
    root = json.loads(lines[-1])
    assert root["Name"] == "d" and len(lines) == 3
    assert rpc(node, f"cat?arg={root['Hash']}/sub/file").body == b"inside"
    assert rpc(node, f"cat?arg=/ipfs/{root['Hash']}/sub/file").body == b"inside"
    assert 'no link named "other"' in rpc(node, f"cat?arg={root['Hash']}/other").json["Message"]
    assert rpc(node, f"cat?arg={root['Hash']}").json["Message"] == "this dag node is a directory"


def test_ls_tells_files_from_directories(node: Node):
    root = json.loads(add(node, ("d/sub/file", b"inside"), ("d/a", b"12345")).body.splitlines()[-1])["Hash"]
    (listed,) = rpc(node, f"ls?arg={root}").json["Objects"]
    assert [(link["Name"], link["Type"], link["Size"]) for link in listed["Links"]] == [
        ("a", 2, 5),
        ("sub", 1, 0),
    ]


def test_get_is_a_tar_archive(node: Node, tmp_path: Path):
    root = json.loads(add(node, ("d/sub/file", b"inside"), ("d/a", b"12345")).body.splitlines()[-1])["Hash"]
    with tarfile.open(fileobj=io.BytesIO(rpc(node, f"get?arg={root}").body)) as archive:
        names = {member.name: member.isdir() for member in archive}
        assert names == {root: True, f"{root}/a": False, f"{root}/sub": True, f"{root}/sub/file": False}
        assert archive.extractfile(f"{root}/sub/file").read() == b"inside"


def test_blocks(node: Node):
    cid = Ipfs(node.api).add(b"one block")
    block = rpc(node, f"block/get?arg={cid}").body
    assert b"one block" in block
    assert rpc(node, f"block/stat?arg={cid}").json == {"Key": parse(cid).v0, "Size": len(block)}


def test_dag_export_is_a_car_with_every_block(node: Node, tmp_path: Path):
    data = os.urandom(300_000)
    cid = Ipfs(node.api).add(data)
    car = rpc(node, f"dag/export?arg={cid}").body
    path = tmp_path / "export.car"
    path.write_bytes(car)
    import aleph_cid

    assert aleph_cid.read_carv1_root(path) == parse(cid).v0
    assert data[:262_144] in car and data[262_144:] in car


def test_wrap_with_directory(node: Node):
    lines = [
        json.loads(line)
        for line in add(node, ("a.txt", b"a"), query="wrap-with-directory=true").body.splitlines()
    ]
    assert [line["Name"] for line in lines] == ["a.txt", ""]
    assert str(parse(lines[-1]["Hash"])) == cid_of_directory({"a.txt": b"a"})


def test_add_without_pin(node: Node):
    cid = json.loads(add(node, ("x", b"not to be kept"), query="pin=false").body)["Hash"]
    assert not Ipfs(node.api).is_pinned(cid)
    Ipfs(node.api).pin(cid)
    add(node, ("x", b"not to be kept"), query="pin=false")
    assert Ipfs(node.api).is_pinned(cid)  # an add without pin does not undo somebody's pin


@pytest.mark.parametrize(
    "query",
    [
        "cid-version=1",
        "raw-leaves=true",
        "chunker=size-1000",
        "trickle=true",
        "nocopy=true",
        "only-hash=true",
    ],
)
def test_other_layouts_are_refused_clearly(node: Node, query: str):
    answer = add(node, ("x", b"x"), query=query)
    assert answer.status == 500 and query.split("=")[0] in answer.json["Message"]


@pytest.mark.parametrize("name", ["../evil", "d/../../evil", "/../evil", "d//x", ".", "%2e%2e/evil", "a%00b"])
def test_names_that_leave_the_upload_are_refused(node: Node, name: str):
    answer = add(node, (name, b"x"))
    assert answer.status == 500 and "plain relative path" in answer.json["Message"]
    assert not list(node.repo.rglob("evil"))


def test_a_name_twice_or_no_file_is_refused(node: Node):
    assert "twice" in add(node, ("x", b"1"), ("x", b"2")).json["Message"]
    assert "twice" in add(node, ("x", b"1"), ("x/y", b"2")).json["Message"]
    assert "at least one file" in add(node).json["Message"]
    assert "multipart" in rpc(node, "add").json["Message"]


def test_absent_content_fails_at_once(node: Node):
    for command in ("cat", "get", "ls", "pin/add", "block/get", "block/stat", "dag/export"):
        answer = rpc(node, f"{command}?arg={ABSENT}")
        assert answer.status == 500 and "could not find" in answer.json["Message"], command
    assert "is not pinned" in rpc(node, f"pin/ls?arg={ABSENT}").json["Message"]
    assert "not pinned" in rpc(node, f"pin/rm?arg={ABSENT}").json["Message"]
    assert "invalid path" in rpc(node, "cat?arg=nonsense").json["Message"]
    assert "required" in rpc(node, "cat").json["Message"]


def test_pin_list(node: Node):
    ipfs = Ipfs(node.api)
    cid = ipfs.add(b"pinned")
    v0 = parse(cid).v0
    assert rpc(node, "pin/ls?type=recursive").json["Keys"][v0] == {"Type": "recursive"}
    lines = [json.loads(line) for line in rpc(node, "pin/ls?stream=true").body.splitlines()]
    assert {"Cid": v0, "Type": "recursive"} in lines
    ipfs.unpin(cid)
    assert v0 not in rpc(node, "pin/ls").json["Keys"]
    assert rpc(node, "pin/ls?type=indirect").status == 500


def test_stock_client_calls(node: Node, tmp_path: Path):
    """What people's own scripts with ipfshttpclient do."""
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "f").write_bytes(b"text")
    with ipfshttpclient.Client(node.api) as client:
        root = client.add(str(tmp_path / "in"), recursive=True)[-1]["Hash"]
        client.get(root, target=str(tmp_path / "out"))
        assert (tmp_path / "out" / root / "sub" / "f").read_bytes() == b"text"
        assert client.add_json({"a": 1}) and client.add_bytes(b"x") == parse(cid_of(b"x")).v0
        assert client.ls(root)["Objects"][0]["Links"][0]["Name"] == "sub"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Host": "evil.example"},
        {"Host": "evil.example:5001"},
        {"Host": "127.0.0.1.evil.example"},
        {"Referer": "http://evil.example/"},
    ],
)
def test_web_pages_are_refused(node: Node, headers: dict[str, str]):
    assert rpc(node, "version", **headers).status == 403


def test_host_names_of_this_machine_are_accepted(node: Node):
    for host in ("127.0.0.1", f"localhost:{node.ready['api_port']}", "[::1]:5001", "LOCALHOST"):
        assert rpc(node, "version", Host=host).status == 200, host


def test_only_post_and_known_commands(node: Node):
    assert http(f"{node.api_url}/api/v0/version").status == 405
    assert rpc(node, "config/show").status == 404
    assert rpc(node, "files/rm").status == 404


def test_listens_on_loopback_only(node: Node):
    listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    for name in ("api_port", "gateway_port"):
        port = f"{node.ready[name]:04X}"
        assert {address.split(":")[0] for address in listening if address.endswith(":" + port)} == {
            "0100007F"
        }


def test_large_file_by_path(node: Node, tmp_path: Path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        for _ in range(48):
            file.write(os.urandom(1 << 20))
    client = ipfshttpclient.Client(node.api)
    added = client.add(str(path), cid_version=0, raw_leaves=False, chunker="size-262144")
    assert str(cids.parse(added["Hash"])) == cid_of_file(path)
