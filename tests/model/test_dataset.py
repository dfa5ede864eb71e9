"""Manifests and tensors: one manifest, one root; fetched bytes are checked against their hash."""

import hashlib
from dataclasses import replace

import pytest
import torch

from model.dataset import Dataset, HashMismatch, Manifest, caption_of, load_dataset, merkle_root
from tests.model.conftest import TINY


def test_rfc_6962_examples() -> None:
    """The tree heads that Certificate Transparency's own reference tests use."""
    entries = [
        bytes.fromhex(h)
        for h in (
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        )
    ]
    assert merkle_root([]) == hashlib.sha256(b"").digest()
    assert (
        merkle_root(entries[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert (
        merkle_root(entries[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    )
    assert merkle_root(entries).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_the_root_depends_on_the_works_and_not_on_their_order(manifest: Manifest) -> None:
    assert Manifest(tuple(reversed(manifest.works))).root() == manifest.root()
    changed = replace(manifest.works[3], title="another title")
    assert Manifest((*manifest.works[:3], changed, *manifest.works[4:])).root() != manifest.root()


def test_json_round_trip_checks_the_root(manifest: Manifest) -> None:
    document = Manifest(manifest.works, {"block_number": 7}).to_json()
    again = Manifest.from_json(document)
    assert (again.root(), again.context) == (manifest.root(), {"block_number": 7})
    with pytest.raises(ValueError, match="root"):
        Manifest.from_json({**document, "root": "0x" + "00" * 32})


def test_a_work_counts_once(manifest: Manifest) -> None:
    with pytest.raises(ValueError, match="twice"):
        Manifest((*manifest.works, manifest.works[0]))


def test_tensors_follow_the_manifest(dataset: Dataset, files: dict[str, bytes]) -> None:
    assert dataset.images.shape == (12, 3, TINY.size, TINY.size) and dataset.images.dtype == torch.uint8
    assert dataset.artists == ["artist blue", "artist green", "artist red"]
    assert [dataset.artists[i] for i in dataset.artist_of] == [work.artist for work in dataset.works]
    again = load_dataset(dataset.manifest, lambda work: files[work.content_hash], TINY.size)
    assert torch.equal(again.images, dataset.images)


def test_wrong_bytes_are_refused(manifest: Manifest, files: dict[str, bytes]) -> None:
    other = files[manifest.works[1].content_hash]
    with pytest.raises(HashMismatch, match=manifest.works[0].content_hash):
        load_dataset(Manifest(manifest.works[:1]), lambda work: other, 16)
    with pytest.raises(ValueError, match="no work"):
        load_dataset(Manifest(()), lambda work: other, 16)


def test_captions_leave_out_what_is_empty() -> None:
    assert caption_of(" red heart ", ["love", "", " "]) == "red heart, love"
    assert caption_of("", ["love"]) == "love"
