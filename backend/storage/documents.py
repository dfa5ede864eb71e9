"""JSON documents on IPFS: one canonical form, so that the same facts always have the same CID."""

from __future__ import annotations

import json
import math
from typing import Any

from backend.storage.errors import InvalidDocument, TooLarge
from backend.storage.ipfs import Ipfs

MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
# Deeper nesting is no document of ours and would exhaust the parser's stack.
_MAX_DEPTH = 64


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Raises InvalidDocument for what JSON cannot carry exactly:
    NaN, infinity, keys that are not text, lone surrogates, other types."""
    _check(value, 0)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidDocument("The document holds text that is not Unicode (a lone surrogate).") from error


def _check(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise InvalidDocument(f"The document is nested deeper than {_MAX_DEPTH} levels.")
    if isinstance(value, dict):
        for key, inner in value.items():
            # json.dumps would turn 1 and True into text, and two keys could become one.
            if not isinstance(key, str):
                raise InvalidDocument(f"The document has the key {key!r}; keys must be text.")
            _check(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidDocument(f"The document holds {value}, which JSON cannot carry.")
    elif not (value is None or isinstance(value, bool | int | str)):
        raise InvalidDocument(f"The document holds a {type(value).__name__}, which JSON cannot carry.")


class Documents:
    """Documents with a `schema` key (such as `meltingpot/work@1`) on one IPFS node."""

    def __init__(self, ipfs: Ipfs, max_bytes: int = MAX_DOCUMENT_BYTES) -> None:
        self._ipfs, self._max_bytes = ipfs, max_bytes

    def put(self, document: dict[str, Any]) -> str:
        """Store and pin; the CID. Raises InvalidDocument, TooLarge and the errors of `Ipfs.add`."""
        return self._ipfs.add(self._encoded(document))

    def put_many(self, documents: list[dict[str, Any]]) -> list[str]:
        """Store and pin several, in order."""
        return self._ipfs.add_many([self._encoded(document) for document in documents])

    def get(self, cid: str, schema: str) -> dict[str, Any]:
        """The document, which must say that it is of `schema`. Raises InvalidDocument and the errors of
        `Ipfs.get`."""
        return parse_document(self._ipfs.get(cid, max_bytes=self._max_bytes), schema, cid)

    def _encoded(self, document: dict[str, Any]) -> bytes:
        if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
            raise InvalidDocument("A document needs the key 'schema'.")
        data = canonical(document)
        if len(data) > self._max_bytes:
            raise TooLarge(f"The document has {len(data):,} bytes; {self._max_bytes:,} are allowed.")
        return data


def parse_document(data: bytes, schema: str, name: str) -> dict[str, Any]:
    """Read and check the bytes of a document; `name` stands in the messages. Raises InvalidDocument."""
    try:
        document = json.loads(data, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"{name} is no JSON document: {error}.") from error
    if not isinstance(document, dict):
        raise InvalidDocument(f"{name} holds a JSON {type(document).__name__}, not an object.")
    if document.get("schema") != schema:
        raise InvalidDocument(
            f"{name} has the schema {document.get('schema')!r}; {schema!r} is wanted.",
            schema=document.get("schema"),
            wanted=schema,
        )
    return document


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Readers differ in which of two equal keys they take; a document must mean one thing.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
