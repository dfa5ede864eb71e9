"""tokenURI: metadata that needs no server: base64 JSON with the CIDs of the file and of the receipt.

tokenURI
├── not minted → ERC721NonexistentToken
└── a data URI; its CIDs are those of the project's own code, for any digest
"""

import base64
import json
import random

import pytest

from backend.storage.cid import cid_of_digest
from tests.contracts.orders import Output, delivered, order_id, requested
from tests.contracts.reverts import reverts

PREFIX = "data:application/json;base64,"


def metadata(system, who, output, salt=1):
    an_order = requested(system, who.buyer, salt=salt)
    delivered(system, who, an_order, **output._asdict())
    identifier = system.generation_token.mint(an_order, [output], 0, {"from": who.buyer}).return_value
    uri = system.generation_token.tokenURI(identifier)
    assert uri.startswith(PREFIX)
    return an_order, json.loads(base64.b64decode(uri[len(PREFIX):], validate=True))


@pytest.mark.parametrize("seed", range(6))
def test_names_file_and_receipt(system, who, seed):
    chance = random.Random(seed)
    sha256, digest, attribution = (chance.randbytes(32) for _ in range(3))
    an_order, shown = metadata(system, who, Output(1, sha256, digest, attribution))
    assert shown.keys() == {"name", "description", "image", "external_url", "attributes"}
    identifier = order_id(system.market, an_order)
    assert shown["name"] == f"Melting Pot generation {identifier}"
    assert shown["image"] == f"ipfs://{cid_of_digest(digest)}"
    assert shown["external_url"] == f"ipfs://{cid_of_digest(attribution)}"
    assert {a["trait_type"]: a["value"] for a in shown["attributes"]} == {
        "order": identifier, "sha256": "0x" + sha256.hex(), "receipt": f"ipfs://{cid_of_digest(attribution)}"}


@pytest.mark.parametrize("byte", [b"\x01", b"\xff"])
def test_digests_at_the_edges(system, who, byte):
    low = b"\0" * 31 + byte
    _, shown = metadata(system, who, Output(1, low, byte * 32, low))
    assert shown["image"] == f"ipfs://{cid_of_digest(byte * 32)}"
    assert shown["external_url"] == f"ipfs://{cid_of_digest(low)}"
    assert shown["attributes"][1]["value"] == "0x" + low.hex()


def test_not_minted(system):
    with reverts("ERC721NonexistentToken", 5):
        system.generation_token.tokenURI(5)


def test_name_and_interfaces(system):
    token = system.generation_token
    assert (token.name(), token.symbol()) == ("Melting Pot Generation", "POTGEN")
    for identifier in ("0x01ffc9a7", "0x80ac58cd", "0x5b5e139f", "0x2a55205a"):  # 165, 721, metadata, 2981
        assert token.supportsInterface(identifier)
    for identifier in ("0xffffffff", "0x00000000", "0x780e9d63", "0xd9b67a26"):  # enumerable, 1155
        assert not token.supportsInterface(identifier)
