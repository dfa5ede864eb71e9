"""The client against the real node."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.errors import ConfigurationError
from backend.storage.cid import CHUNK_BYTES, cid_of, cid_of_directory, parse
from backend.storage.errors import (
    InvalidCid,
    IpfsRefused,
    IpfsUnavailable,
    NotOnIpfs,
    TooLarge,
    UnreadableDirectory,
)
from backend.storage.ipfs import Ipfs
from backend.storage.unixfs import LINKS_PER_NODE
from tests.backend.storage.conftest import Node

ABSENT = cid_of(b"nobody has this")
BORDERS = [
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    CHUNK_BYTES * LINKS_PER_NODE - 1,
    CHUNK_BYTES * LINKS_PER_NODE,
    CHUNK_BYTES * LINKS_PER_NODE + 1,
]


@pytest.fixture
def ipfs(node: Node) -> Ipfs:
    return Ipfs(node.api)


@pytest.mark.parametrize("size", BORDERS)
def test_files_around_the_borders_of_the_layout(ipfs: Ipfs, size: int):
    data = os.urandom(16) * (size // 16) + b"x" * (size % 16)
    cid = ipfs.add(data)
    assert cid == cid_of(data) and ipfs.is_pinned(cid)
    assert ipfs.get(cid) == data and ipfs.get(parse(cid).v0) == data


def test_check_tells_the_version(ipfs: Ipfs):
    assert ipfs.check() == "0.22.0"


def test_many_at_once_keep_their_order(ipfs: Ipfs):
    items = [os.urandom(50) * (i % 7) for i in range(150)]
    done: list[int] = []
    assert ipfs.add_many(items, progress=done.append) == [cid_of(item) for item in items]
    assert done == sorted(done) and done[-1] == 150
    assert ipfs.add_many([]) == []


def test_many_large_ones(ipfs: Ipfs):
    items = [os.urandom(3_000_000) for _ in range(5)]
    assert ipfs.add_many(items) == [cid_of(item) for item in items]


def test_from_several_threads(ipfs: Ipfs):
    def both_ways(number: int) -> bool:
        data = f"thread {number}".encode() * 1000
        return ipfs.get(ipfs.add(data)) == data

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(both_ways, range(80)))


def folder_of(place: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def files_in(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()
    }


def test_directory_there_and_back(ipfs: Ipfs, tmp_path: Path):
    files = {
        "model_index.json": b"{}",
        "unet/weights.safetensors": os.urandom(700_000),
        "unet/config.json": b"{ }",
        ".hidden": b"",
        "Ünicode name.txt": b"x",
        "a/b/c/d/e": b"deep",
    }
    folder = folder_of(tmp_path / "in", files)
    (folder / "empty").mkdir()
    cid = ipfs.add_directory(folder)
    assert cid == cid_of_directory(files | {"empty/": b""}) and ipfs.is_pinned(cid)
    target = ipfs.get_directory(cid, tmp_path / "deep" / "out")
    assert files_in(target) == files and (target / "empty").is_dir()
    assert sorted(path.name for path in target.parent.iterdir()) == ["out"]  # nothing temporary is left


def test_directory_into_an_empty_folder_but_never_over_files(ipfs: Ipfs, tmp_path: Path):
    cid = ipfs.add_directory(folder_of(tmp_path / "in", {"a": b"1"}))
    (tmp_path / "out").mkdir()
    assert files_in(ipfs.get_directory(cid, tmp_path / "out")) == {"a": b"1"}
    with pytest.raises(UnreadableDirectory, match="exists already"):
        ipfs.get_directory(cid, tmp_path / "out")


def test_directories_that_cannot_be_added(ipfs: Ipfs, tmp_path: Path):
    folder = folder_of(tmp_path / "in", {"a": b"1"})
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnreadableDirectory, match="symbolic link"):
        ipfs.add_directory(folder)
    for path in (tmp_path / "in" / "a", tmp_path / "nothing"):
        with pytest.raises(UnreadableDirectory, match="not a directory"):
            ipfs.add_directory(path)


def test_a_file_is_no_directory_and_the_other_way_round(ipfs: Ipfs, tmp_path: Path):
    folder = ipfs.add_directory(folder_of(tmp_path / "in", {"a": b"1"}))
    with pytest.raises(IpfsRefused, match="directory"):
        ipfs.get(folder)
    with pytest.raises(UnreadableDirectory):
        ipfs.get_directory(ipfs.add(b"file"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pins(ipfs: Ipfs):
    cid = ipfs.add(b"pin me")
    ipfs.unpin(cid)
    ipfs.unpin(cid)
    assert not ipfs.is_pinned(cid)
    ipfs.pin(cid)
    ipfs.pin(cid)
    assert ipfs.is_pinned(cid) and not ipfs.is_pinned(ABSENT)


def test_limits_of_size(ipfs: Ipfs, tmp_path: Path):
    cid = ipfs.add(b"12345")
    assert ipfs.get(cid, max_bytes=5) == b"12345"
    with pytest.raises(TooLarge):
        ipfs.get(cid, max_bytes=4)
    folder = ipfs.add_directory(folder_of(tmp_path / "in", {"a": b"123", "b": os.urandom(300_000)}))
    for limit in (2, 1000, 300_002):
        with pytest.raises(TooLarge):
            ipfs.get_directory(folder, tmp_path / "out", max_bytes=limit)
        assert not (tmp_path / "out").exists()
    ipfs.get_directory(folder, tmp_path / "out", max_bytes=300_003)


def test_absent_content_is_told_at_once(ipfs: Ipfs, tmp_path: Path):
    for ask in (ipfs.get, ipfs.pin, lambda cid: ipfs.get_directory(cid, tmp_path / "out")):
        with pytest.raises(NotOnIpfs) as caught:
            ask(ABSENT)
        assert ABSENT in caught.value.message and caught.value.what_to_do and caught.value.status == 404


def test_what_is_no_cid_never_reaches_the_node(ipfs: Ipfs):
    for ask in (ipfs.get, ipfs.pin, ipfs.unpin, ipfs.is_pinned):
        with pytest.raises(InvalidCid):
            ask("../../etc/passwd")


@pytest.mark.parametrize(
    "form",
    [
        "/ip4/127.0.0.1/tcp/{0}/http",
        "/ip4/127.0.0.1/tcp/{0}",
        "/dns/localhost/tcp/{0}/http",
        "http://127.0.0.1:{0}",
        "http://localhost:{0}/",
        "http://127.0.0.1:{0}/api/v0",
    ],
)
def test_forms_of_the_address(node: Node, form: str):
    assert Ipfs(form.format(node.ready["api_port"])).check()


@pytest.mark.parametrize(
    "api",
    [
        "",
        "localhost:5001",
        "ftp://127.0.0.1",
        "/ip4/127.0.0.1",
        "/ip4/nonsense/tcp/1",
        "http://127.0.0.1:99999",
        "http://",
        "/ip4/127.0.0.1/udp/5001",
    ],
)
def test_what_is_no_address(api: str):
    with pytest.raises(ConfigurationError, match="MELTINGPOT_IPFS_API"):
        Ipfs(api)


def test_nothing_listens():
    ipfs = Ipfs("http://127.0.0.1:1")
    for ask in (
        ipfs.check,
        lambda: ipfs.add(b"x"),
        lambda: ipfs.add_many([b"x"] * 40),
        lambda: ipfs.get(ABSENT),
    ):
        with pytest.raises(IpfsUnavailable) as caught:
            ask()
        assert "http://127.0.0.1:1" in caught.value.message and caught.value.exit_code == 4
