"""Canonical JSON and documents on the real node."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.storage.cid import cid_of
from backend.storage.documents import Documents, canonical
from backend.storage.errors import InvalidDocument, TooLarge
from backend.storage.ipfs import Ipfs
from tests.backend.storage.conftest import Node

SCHEMA = "meltingpot/work@1"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(blacklist_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture
def documents(node: Node) -> Documents:
    return Documents(Ipfs(node.api))


def test_the_form():
    assert canonical({"b": [1, None, True], "a": "é\n"}) == '{"a":"é\\n","b":[1,null,true]}'.encode()
    assert canonical({"amount": str(10**30)}) == b'{"amount":"1000000000000000000000000000000"}'


@given(values)
def test_one_form_for_one_meaning(value: object):
    data = canonical(value)
    assert json.loads(data) == value and canonical(json.loads(data)) == data


@pytest.mark.parametrize(
    "value",
    [
        {"x": math.nan},
        {"x": math.inf},
        {1: "a"},
        {None: 1},
        {"x": {1, 2}},
        {"x": b"bytes"},
        {"x": "\ud800"},
        {"\udfff": 1},
    ],
)
def test_what_json_cannot_carry(value: object):
    with pytest.raises(InvalidDocument):
        canonical(value)


def test_bottomless_values():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidDocument, match="deeper"):
        canonical(deep)


def test_there_and_back(documents: Documents):
    document = {"schema": SCHEMA, "title": "Größe", "tags": ["a", "b"]}
    cid = documents.put(document)
    assert cid == cid_of(canonical(document)) and documents.get(cid, SCHEMA) == document
    more = [{"schema": SCHEMA, "number": i} for i in range(40)]
    assert [documents.get(cid, SCHEMA)["number"] for cid in documents.put_many(more)] == list(range(40))


def test_schema_is_needed(documents: Documents):
    for document in ({}, {"schema": 1}, [], "text"):
        with pytest.raises(InvalidDocument, match="schema"):
            documents.put(document)


def test_another_schema_is_refused(documents: Documents):
    cid = documents.put({"schema": "meltingpot/report@1"})
    with pytest.raises(InvalidDocument, match="report@1.*work@1"):
        documents.get(cid, SCHEMA)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"[1]",
        b'"x"',
        b"\xff",
        b'{"schema":"meltingpot/work@1","a":NaN}',
        b'{"schema":"meltingpot/work@1"',
        b'{"schema":"other","schema":"meltingpot/work@1"}',
        b"[" * 200_000,
        b'{"a":1}',
        b'{"schema":"meltingpot/work@1","n":' + b"1" * 10_000 + b"}",
    ],
)
def test_what_is_no_document(node: Node, documents: Documents, data: bytes):
    cid = Ipfs(node.api).add(data)
    with pytest.raises(InvalidDocument):
        documents.get(cid, SCHEMA)


def test_limit_of_size(node: Node):
    small = Documents(Ipfs(node.api), max_bytes=100)
    with pytest.raises(TooLarge):
        small.put({"schema": SCHEMA, "x": "x" * 100})
    cid = Documents(Ipfs(node.api)).put({"schema": SCHEMA, "x": "x" * 100})
    with pytest.raises(TooLarge):
        small.get(cid, SCHEMA)
