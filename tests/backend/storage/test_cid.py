"""CIDs against an independent implementation (aleph-cid, in Rust) and Kubo's published constants."""

from __future__ import annotations

import random
from pathlib import Path

import aleph_cid
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.storage import cid as cids
from backend.storage.cid import (
    cid_of,
    cid_of_digest,
    cid_of_directory,
    cid_of_file,
    cid_of_stream,
    digest_of,
    parse,
)
from backend.storage.errors import InvalidCid
from backend.storage.unixfs import (
    CHUNK_BYTES,
    LINKS_PER_NODE,
    MalformedBlock,
    chunks_of,
    decode_node,
    file_root,
)

EMPTY_FILE = "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"
EMPTY_DIRECTORY = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"
HELLO = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"  # `echo "hello world" | ipfs add`
ONE_LEVEL = CHUNK_BYTES * LINKS_PER_NODE
BORDERS = [
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    ONE_LEVEL - 1,
    ONE_LEVEL,
    ONE_LEVEL + 1,
    CHUNK_BYTES * (LINKS_PER_NODE - 1),
    CHUNK_BYTES * (LINKS_PER_NODE + 1),
]


def sample(size: int) -> bytes:
    """`size` bytes, no two chunks the same."""
    generator = random.Random(size)
    return b"".join(generator.randbytes(64) * (CHUNK_BYTES // 64) for _ in range(size // CHUNK_BYTES + 1))[
        :size
    ]


def test_constants_of_kubo():
    assert parse(cid_of(b"")).v0 == EMPTY_FILE
    assert parse(cid_of(b"hello world\n")).v0 == HELLO
    assert parse(cid_of_directory({})).v0 == EMPTY_DIRECTORY


@pytest.mark.parametrize("size", BORDERS)
def test_same_as_a_second_implementation(size: int):
    data = sample(size)
    assert parse(cid_of(data)).v0 == aleph_cid.compute_cid(data)


def test_several_inner_nodes():
    leaf = bytes(CHUNK_BYTES)
    count = LINKS_PER_NODE * 2 + 5
    root = file_root(leaf for _ in range(count))
    assert root.content_size == count * CHUNK_BYTES
    hasher = aleph_cid.CidHasher.for_ipfs()
    for _ in range(count):
        hasher.update(leaf)
    assert parse(hasher.finalize()).digest == root.digest


@given(st.lists(st.binary(max_size=400_000), max_size=6))
@settings(max_examples=25, deadline=None)
def test_pieces_of_any_size_give_the_same_cid(pieces: list[bytes]):
    assert cid_of_stream(pieces) == cid_of(b"".join(pieces))


def test_file_on_disk(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(sample(CHUNK_BYTES + 7))
    assert cid_of_file(path) == cid_of(path.read_bytes())


def test_directory_same_as_a_second_implementation(tmp_path: Path):
    files = {"z.txt": b"z", "a/b/c.bin": sample(600_000), "a/é.json": b"{}", ".hidden": b"", "Z": b"upper"}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert parse(cid_of_directory(files)).v0 == aleph_cid.hash_folder(tmp_path, cid_version=0)
    assert cid_of_directory({name: tmp_path / name for name in files}) == cid_of_directory(files)


@pytest.mark.parametrize(
    "files",
    [
        {"../x": b""},
        {"/x": b""},
        {"": b""},
        {"a//b": b""},
        {"a/./b": b""},
        {"a\0": b""},
        {"a": b"", "a/b": b""},
        {"a/b": b"", "a": b""},
        {"a/b": b"", "a/b/": b""},
    ],
)
def test_paths_that_are_no_tree_are_refused(files: dict[str, bytes]):
    with pytest.raises(ValueError):
        cid_of_directory(files)


def test_empty_directories_count():
    assert cid_of_directory({"a/": b""}) != cid_of_directory({})
    assert cid_of_directory({"a/": b"", "a/b": b"x"}) == cid_of_directory({"a/b": b"x"})


def test_a_directory_that_kubo_would_shard_is_refused():
    with pytest.raises(ValueError, match="sub-folders"):
        cid_of_directory({f"{'n' * 60}{i}": b"" for i in range(3000)})


@given(st.binary(min_size=32, max_size=32))
def test_digest_and_back(digest: bytes):
    cid = cid_of_digest("0x" + digest.hex())
    assert cid.startswith("bafybei") and len(cid) == 59
    assert digest_of(cid) == "0x" + digest.hex()
    assert digest_of(parse(cid).v0) == digest_of(cid)
    assert cid_of_digest(digest) == cid


def test_all_spellings_of_one_cid():
    v1 = cid_of(b"hello world\n")
    binary = b"\x01\x70\x12\x20" + parse(v1).digest
    spelled = [HELLO, v1, "f" + binary.hex(), "f" + binary.hex().upper(), "z" + cids._base58(binary)]
    assert {str(parse(text)) for text in spelled} == {v1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (None, "empty"),
        ("hello", "begins neither"),
        ("Qm123", "46 characters"),
        (HELLO[:-1] + "0", "base58"),
        (HELLO[:-1] + "l", "base58"),
        ("bafy!", "base32"),
        ("bAFYBEI", "lower case"),
        ("z" + HELLO, "no base prefix"),
        ("z" + "1" * 5000, "too long"),
        ("f01701220", "digest has 0 bytes"),
        ("f0170111401", "not sha2-256"),
        ("f01721220" + "00" * 32, "codec"),
        ("f02701220" + "00" * 32, "version"),
        ("f01701220" + "00" * 31, "31 bytes"),
        ("b", "version"),
        ("fzz", "base16"),
    ],
)
def test_what_is_no_cid(text: str | None, reason: str):
    with pytest.raises(InvalidCid, match=reason) as caught:
        parse(text)
    assert caught.value.status == 422 and caught.value.what_to_do


def test_raw_cids_have_no_digest_on_chain():
    raw = str(cids.Cid(1, cids.RAW, bytes(32)))
    assert raw.startswith("bafkrei")
    for function in (digest_of, lambda text: parse(text).v0):
        with pytest.raises(InvalidCid):
            function(raw)


@pytest.mark.parametrize("digest", ["0x12", "zz" * 32, b"short"])
def test_what_is_no_digest(digest: str | bytes):
    with pytest.raises(InvalidCid):
        cid_of_digest(digest)


@given(st.binary(max_size=300))
def test_strange_blocks_are_refused_not_misread(block: bytes):
    try:
        decode_node(block)
    except MalformedBlock:
        pass


def test_blocks_are_decoded_as_written():
    blocks: dict[bytes, bytes] = {}
    data = sample(CHUNK_BYTES * 3 + 5)
    root = file_root(chunks_of(data), blocks.__setitem__)
    node = decode_node(blocks[root.digest])
    assert node.size == len(data) and len(node.links) == 4
    leaves = [decode_node(blocks[cids.from_binary(link.cid).digest]) for link in node.links]
    assert b"".join(leaf.body for leaf in leaves) == data
    assert root.total_size == sum(map(len, blocks.values()))
