"""C2PA manifests (Content Credentials, specification 2.2) of generated pictures: made, and read again.

A manifest says: created by a trained model, by this generator; marked by this watermark (soft binding); not to be
trained on; and, in our own assertion, the order and model version. Nothing is fetched from any network: no time
stamp authority, no OCSP, no remote manifest. Certificates that no list of the reader's trusts give the state
"Valid", not "Trusted".
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import c2pa
from PIL import Image

from model.images import encode_png, sniff
from model.provenance.credentials import BadCredentials, Credentials
from model.provenance.origin import Origin

GENERATOR = "Melting Pot AI"
WATERMARK = "ai.meltingpot.watermark.1"
GENERATION = "ai.meltingpot.generation"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
UNTRUSTED = "signingCredential.untrusted"
# CAWG Training and Data Mining 1.0. Whoever wants to learn from a generation asks the artists it drew on.
TRAINING = {
    "cawg.ai_generative_training": {"use": "notAllowed"},
    "cawg.ai_training": {"use": "notAllowed"},
    "cawg.data_mining": {"use": "notAllowed"},
    "cawg.ai_inference": {"use": "allowed"},
}


@dataclass(frozen=True)
class Manifest:
    """The active manifest of a file. `problems` are the validator's failures, but for certificates that nobody
    trusts; `origin` and `watermark` (8 bytes) are None where it does not name them.
    """

    generator: str
    issuer: str
    signed_by: str
    trusted: bool
    problems: tuple[str, ...]
    source_type: str
    training: dict[str, Any]
    watermark: bytes | None
    origin: Origin | None

    @property
    def valid(self) -> bool:
        """Signed, and neither the manifest nor the picture was changed since."""
        return not self.problems


def sign(png: bytes, origin: Origin, credentials: Credentials) -> bytes:
    """The PNG with a manifest that names its origin; pixels stay, signature and times differ each time.

    Raises BadCredentials when C2PA does not accept the certificates.
    """
    try:
        info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, credentials.certificates, credentials.key, None)
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(_claims(origin), _context()) as builder:
            out = io.BytesIO()
            builder.sign(signer, "image/png", io.BytesIO(png), out)
    except c2pa.C2paError as error:
        raise BadCredentials(f"C2PA does not sign with these certificates: {error}") from error
    return out.getvalue()


def checked(credentials: Credentials) -> Credentials:
    """The same, after a picture was signed with them. Raises BadCredentials."""
    origin = Origin(0, "", "0x", 0, "", "0x")
    sign(encode_png(Image.new("RGB", (1, 1))), origin, credentials)
    return credentials


def read(data: bytes) -> Manifest | None:
    """The manifest of a PNG, JPEG or WebP, or None where there is none.

    Raises UnknownFormat for other files, ValueError for a manifest that cannot be parsed.
    """
    media_type = sniff(data)
    try:
        reader = c2pa.Reader(media_type, io.BytesIO(data), context=_context())
    except c2pa.C2paError as error:
        if isinstance(error, c2pa.C2paError.ManifestNotFound):
            return None
        raise ValueError(f"the manifest cannot be read: {error}") from error
    with reader:
        told = json.loads(reader.json())
    return _manifest(told)


def _claims(origin: Origin) -> dict[str, Any]:
    """The manifest definition; what the generator itself vouches for is "created"."""
    agent = {"name": GENERATOR, "version": origin.model_cid}
    actions = [
        {"action": "c2pa.created", "digitalSourceType": SOURCE, "softwareAgent": agent},
        {"action": "c2pa.watermarked.bound", "softwareAgent": agent},
    ]
    binding = {"alg": WATERMARK, "blocks": [{"scope": {}, "value": origin.payload.hex()}]}
    assertions = {
        "c2pa.actions.v2": {"actions": actions, "allActionsIncluded": True},
        "c2pa.soft-binding": binding,
        GENERATION: origin.to_json(),
        "cawg.training-mining": {"entries": TRAINING},
    }
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": GENERATOR, "version": version("meltingpot")}],
        "title": f"{origin.number + 1}.png",
        "format": "image/png",
        "assertions": [
            {"label": label, "data": data, "created": True} for label, data in assertions.items()
        ],
    }


def _manifest(told: dict[str, Any]) -> Manifest:
    results = told.get("validation_results", {}).get("activeManifest", {})
    failures = {entry["code"]: entry.get("explanation", "") for entry in results.get("failure", [])}
    active = told["manifests"].get(told.get("active_manifest"), {})
    assertions = {entry["label"]: entry["data"] for entry in active.get("assertions", [])}
    signature = active.get("signature_info") or {}
    problems = [f"{code} ({why})" for code, why in failures.items() if code != UNTRUSTED]
    if told.get("validation_state") not in ("Valid", "Trusted") and not problems:
        problems.append(f"validation state {told.get('validation_state')}")
    created = next(iter(assertions.get("c2pa.actions.v2", {}).get("actions", [])), {})
    return Manifest(
        generator=_first(active.get("claim_generator_info")).get("name", ""),
        issuer=signature.get("issuer") or "",
        signed_by=signature.get("common_name") or "",
        trusted=told.get("validation_state") == "Trusted",
        problems=tuple(problems),
        source_type=created.get("digitalSourceType", ""),
        training=assertions.get("cawg.training-mining", {}).get("entries", {}),
        watermark=_watermark(assertions.get("c2pa.soft-binding")),
        origin=_origin(assertions.get(GENERATION)),
    )


def _watermark(binding: dict[str, Any] | None) -> bytes | None:
    if not binding or binding.get("alg") != WATERMARK:
        return None
    try:
        return bytes.fromhex(_first(binding.get("blocks")).get("value", ""))
    except ValueError:
        return None


def _origin(told: dict[str, Any] | None) -> Origin | None:
    try:
        return Origin.from_json(told) if told else None
    except ValueError:
        return None


def _first(entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    return entries[0] if entries else {}


@cache
def _context() -> c2pa.Context:
    settings = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},  # the file is its own picture, and stays small
    }
    return c2pa.Context(settings=c2pa.Settings.from_dict(settings))
