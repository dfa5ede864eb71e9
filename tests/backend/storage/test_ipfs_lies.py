"""The client against a node that lies: wrong CIDs, forged content, floods, silence, traps in directories."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from backend.storage.cid import CHUNK_BYTES, DAG_PB, RAW, Cid, cid_of, cid_of_directory, parse
from backend.storage.errors import (
    CidMismatch,
    IpfsRefused,
    IpfsUnavailable,
    NotOnIpfs,
    TooLarge,
    UnreadableDirectory,
)
from backend.storage.ipfs import Ipfs
from backend.storage.unixfs import Link, encode_node, file_root, multihash
from tests.backend.storage.lying_node import lying_node

ABSENT = cid_of(b"nobody has this")


def folder_of(place: Path, files: dict[str, bytes]) -> Path:
    place.mkdir()
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def leaf(data: bytes) -> bytes:
    blocks: list[bytes] = []
    file_root([data], lambda digest, block: blocks.append(block))
    return blocks[0]


def block_cid(block: bytes) -> str:
    return str(Cid(1, DAG_PB, hashlib.sha256(block).digest()))


@pytest.mark.parametrize("answered", [ABSENT, parse(ABSENT).v0, "", "nonsense", None, 5])
def test_another_cid_for_an_added_file(answered: object):
    with lying_node(lambda request: request.send_json({"Name": "x", "Hash": answered})) as url:
        with pytest.raises(CidMismatch) as caught:
            Ipfs(url).add(b"data")
        assert caught.value.details["expected"] == cid_of(b"data")


def test_one_wrong_cid_among_many():
    items = [bytes([i]) for i in range(10)]
    wrong = [{"Hash": parse(cid_of(item)).v0} for item in items[:-1]] + [{"Hash": ABSENT}]
    with lying_node(lambda request: request.send_json(*wrong)) as url, pytest.raises(CidMismatch):
        Ipfs(url).add_many(items)


def test_another_cid_for_an_added_directory(tmp_path: Path):
    folder = folder_of(tmp_path / "in", {"a": b"1"})
    for answers in (
        [{"Name": "in", "Hash": ABSENT}],
        [{"Name": "other", "Hash": cid_of_directory({"a": b"1"})}],
    ):
        with lying_node(lambda request, a=answers: request.send_json(*a)) as url, pytest.raises(CidMismatch):
            Ipfs(url).add_directory(folder)


def test_other_content_for_a_file():
    with lying_node(lambda request: request.send(b"forged")) as url, pytest.raises(CidMismatch) as caught:
        Ipfs(url).get(cid_of(b"real"))
    assert caught.value.details == {"expected": cid_of(b"real"), "got": cid_of(b"forged")}


def test_shortened_content_for_a_file():
    with lying_node(lambda request: request.send(b"rea")) as url, pytest.raises(CidMismatch):
        Ipfs(url).get(cid_of(b"real"))


def test_raw_blocks_are_verified_too():
    cid = str(Cid(1, RAW, hashlib.sha256(b"raw").digest()))
    with lying_node(lambda request: request.send(b"raw")) as url:
        assert Ipfs(url).get(cid) == b"raw"
    with lying_node(lambda request: request.send(b"war")) as url, pytest.raises(CidMismatch):
        Ipfs(url).get(cid)


def test_a_flood_is_cut_off():
    with lying_node(lambda request: request.send_for_ever(b"x" * 65_536)) as url:
        began = time.monotonic()
        with pytest.raises(TooLarge):
            Ipfs(url).get(ABSENT, max_bytes=1_000_000)
        assert time.monotonic() - began < 5


def test_silence_ends_after_the_timeout():
    with lying_node(lambda request: request.stay_silent(3)) as url:
        began = time.monotonic()
        with pytest.raises(NotOnIpfs, match="within 0.3 s"):
            Ipfs(url, timeout_s=0.3).get(ABSENT)
        assert time.monotonic() - began < 2


def test_drops_that_keep_the_line_alive_end_too():
    with lying_node(lambda request: request.send_for_ever(b"x", pause_s=0.05)) as url:
        with pytest.raises(NotOnIpfs, match="too slowly"):
            Ipfs(url, timeout_s=0.3).get(ABSENT, max_bytes=300_000)


def test_silence_in_the_middle_ends_too():
    def half(request):
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"half")
        request.wfile.flush()
        request.stay_silent(3)

    with lying_node(half) as url, pytest.raises(NotOnIpfs):
        Ipfs(url, timeout_s=0.3).get(ABSENT)


def test_what_is_no_ipfs_node():
    for body in (b"<html>hello</html>", b"[]", b"{}", b'"text"', b""):
        with lying_node(lambda request, b=body: request.send(b)) as url, pytest.raises(IpfsUnavailable):
            Ipfs(url).check()
    with lying_node(lambda request: request.send(b"no such page", 404)) as url, pytest.raises(IpfsRefused):
        Ipfs(url).check()


def test_an_error_of_the_node_is_passed_on():
    error = {"Message": "disk is full", "Code": 0, "Type": "error"}
    with lying_node(lambda request: request.send_json(error, status=500)) as url:
        with pytest.raises(IpfsRefused, match="disk is full"):
            Ipfs(url).add(b"x")


def serving(blocks: dict[str, bytes]):
    """Answers block/get from `blocks` and cat with nonsense."""

    def answer(request):
        if request.command_path == "block/get" and request.argument in blocks:
            request.send(blocks[request.argument])
        else:
            request.send(b"nonsense")

    return answer


def directory_block(*names: str, target: bytes) -> bytes:
    return encode_node(
        [Link(name, multihash(parse(block_cid(target)).digest), 0) for name in names], b"\x08\x01"
    )


@pytest.mark.parametrize("name", ["../evil", "..", ".", "", "a/b", "/etc/evil", "nul\0"])
def test_names_in_a_directory_cannot_leave_it(tmp_path: Path, name: str):
    file = leaf(b"evil")
    root = directory_block(name, target=file)
    with lying_node(serving({block_cid(root): root, block_cid(file): file})) as url:
        with pytest.raises(UnreadableDirectory, match="no file name"):
            Ipfs(url).get_directory(block_cid(root), tmp_path / "in" / "out")
    assert list(tmp_path.rglob("*evil*")) == [] and not (tmp_path / "in" / "out").exists()


def test_the_same_name_twice_in_a_directory(tmp_path: Path):
    file = leaf(b"x")
    root = directory_block("a", "a", target=file)
    with lying_node(serving({block_cid(root): root, block_cid(file): file})) as url:
        with pytest.raises(UnreadableDirectory, match="twice"):
            Ipfs(url).get_directory(block_cid(root), tmp_path / "out")


def test_forged_blocks_in_a_directory(tmp_path: Path):
    file, other = leaf(b"real"), leaf(b"forged")
    root = directory_block("a", target=file)
    for blocks in ({block_cid(root): root, block_cid(file): other}, {block_cid(root): other}):
        with lying_node(serving(blocks)) as url, pytest.raises(CidMismatch):
            Ipfs(url).get_directory(block_cid(root), tmp_path / "out")
        assert list(tmp_path.iterdir()) == []


def test_forged_large_file_in_a_directory(tmp_path: Path):
    blocks: dict[str, bytes] = {}
    file_root(
        [bytes(CHUNK_BYTES), b"rest"], lambda digest, block: blocks.__setitem__(block_cid(block), block)
    )
    root = directory_block("large", target=list(blocks.values())[-1])
    with lying_node(serving(blocks | {block_cid(root): root})) as url, pytest.raises(CidMismatch):
        Ipfs(url).get_directory(block_cid(root), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_is_no_unixfs(tmp_path: Path):
    with lying_node(serving({block_cid(b"junk"): b"junk"})) as url, pytest.raises(UnreadableDirectory):
        Ipfs(url).get_directory(block_cid(b"junk"), tmp_path / "out")


def test_a_bottomless_directory(tmp_path: Path):
    blocks, block = {}, leaf(b"x")
    for _ in range(200):
        blocks[block_cid(block)] = block
        block = directory_block("d", target=block)
    blocks[block_cid(block)] = block
    with lying_node(serving(blocks)) as url, pytest.raises(TooLarge, match="deeper"):
        Ipfs(url).get_directory(block_cid(block), tmp_path / "out")
