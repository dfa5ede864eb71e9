"""Registrations: what an artist signs (EIP-712), who relays it, and what the chain knows already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from backend.chain.abi import ZERO_ADDRESS
from backend.chain.batch import call_many
from backend.storage.cid import digest_of

if TYPE_CHECKING:
    from backend.context import Context

CONSENT_TRAINING = 1
RELAYER = "relayer"  # the wallet that pays gas for others
BATCH_SIZE = 40  # works a signature: about 1.2 million gas
SIGNATURE_VALID_S = 3600

WORK_TYPE = [
    {"name": "contentHash", "type": "bytes32"},
    {"name": "ipfsDigest", "type": "bytes32"},
    {"name": "metadataDigest", "type": "bytes32"},
    {"name": "consent", "type": "uint8"},
]
REGISTER_TYPE = [
    {"name": "artist", "type": "address"},
    {"name": "works", "type": "Work[]"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]
CONSENT_TYPE = [
    {"name": "artist", "type": "address"},
    {"name": "contentHashes", "type": "bytes32[]"},
    {"name": "consent", "type": "uint8"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]
METADATA_TYPE = [
    {"name": "artist", "type": "address"},
    {"name": "contentHashes", "type": "bytes32[]"},
    {"name": "metadataDigests", "type": "bytes32[]"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]
PAYEE_TYPE = [
    {"name": "artist", "type": "address"},
    {"name": "payee", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]
DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


@dataclass(frozen=True)
class PreparedWork:
    """A work whose file and metadata are on IPFS; nothing of it need be on the chain yet."""

    content_hash: str
    cid: str
    metadata_cid: str
    artist: str
    document: Mapping[str, Any]
    consent: int = CONSENT_TRAINING

    def to_chain(self) -> tuple[bytes, bytes, bytes, int]:
        """`ArtworkRegistry.Work`."""
        hexes = (self.content_hash, digest_of(self.cid), digest_of(self.metadata_cid))
        return *(bytes.fromhex(text[2:]) for text in hexes), self.consent


@dataclass(frozen=True)
class Record:
    """`ArtworkRegistry.Record`: whose work it is, registered when (chain seconds), with which consent."""

    artist: str
    registered_at: int
    consent: int
    revoked: bool


def typed_data(
    ctx: Context, artist: str, works: Sequence[PreparedWork], nonce: int, deadline: int
) -> dict[str, Any]:
    """The EIP-712 message `RegisterWorks`, JSON-safe: the same for a browser wallet and for the command
    line.
    """
    message = {
        "artist": artist,
        "works": [_work_json(work) for work in works],
        "nonce": nonce,
        "deadline": deadline,
    }
    return _typed(ctx, "RegisterWorks", {"RegisterWorks": REGISTER_TYPE, "Work": WORK_TYPE}, message)


def consent_typed_data(
    ctx: Context, artist: str, content_hashes: Sequence[str], consent: int, nonce: int, deadline: int
) -> dict[str, Any]:
    """The EIP-712 message `SetConsent`."""
    message = {
        "artist": artist,
        "contentHashes": list(content_hashes),
        "consent": consent,
        "nonce": nonce,
        "deadline": deadline,
    }
    return _typed(ctx, "SetConsent", {"SetConsent": CONSENT_TYPE}, message)


def sign(account: LocalAccount, message: dict[str, Any]) -> bytes:
    """65 bytes r ‖ s ‖ v."""
    return bytes(account.sign_message(encode_typed_data(full_message=message)).signature)


def nonce_of(ctx: Context, artist: str) -> int:
    """The artist's next registration nonce."""
    return ctx.contracts.registry.functions.nonces(artist).call()


def signed_registration(ctx: Context, account: LocalAccount, works: Sequence[PreparedWork]):
    """The contract call `registerFor` for works signed by `account`: ready for any relayer to send."""
    deadline = ctx.client.now() + SIGNATURE_VALID_S
    signature = sign(
        account, typed_data(ctx, account.address, works, nonce_of(ctx, account.address), deadline)
    )
    return registration_call(ctx, account.address, works, deadline, signature)


def registration_call(
    ctx: Context, artist: str, works: Sequence[PreparedWork], deadline: int, signature: bytes
):
    """`registerFor` with a signature made elsewhere (browser)."""
    chain_works = [work.to_chain() for work in works]
    return ctx.contracts.registry.functions.registerFor(artist, chain_works, deadline, signature)


def relay(
    ctx: Context, artist: str, works: Sequence[PreparedWork], deadline: int, signature: bytes
) -> Mapping[str, Any]:
    """Send an already signed registration from wallet `relayer`; returns the receipt. Raises
    ContractReverted.
    """
    return ctx.sender(RELAYER).send(registration_call(ctx, artist, works, deadline, signature))


def register_signed(
    ctx: Context, account: LocalAccount, works: Sequence[PreparedWork]
) -> list[Mapping[str, Any]]:
    """Signed by the artist, sent and paid for by wallet `relayer`, a batch at a time."""
    return [ctx.sender(RELAYER).send(signed_registration(ctx, account, batch)) for batch in batches(works)]


def register_direct(
    ctx: Context, account: LocalAccount, works: Sequence[PreparedWork]
) -> list[Mapping[str, Any]]:
    """Sent by the artist, who pays the gas."""
    sender = ctx.sender(account)
    register = ctx.contracts.registry.functions.register
    return [sender.send(register([work.to_chain() for work in batch])) for batch in batches(works)]


def set_consent(
    ctx: Context, account: LocalAccount, content_hashes: Sequence[str], consent: int, direct: bool = False
) -> Mapping[str, Any]:
    """Give (1) or withdraw (0) consent for training; relayed by default. Counts from the next round on."""
    registry = ctx.contracts.registry.functions
    hashes = [bytes.fromhex(text[2:]) for text in content_hashes]
    if direct:
        return ctx.sender(account).send(registry.setConsent(hashes, consent))
    deadline = ctx.client.now() + SIGNATURE_VALID_S
    nonce = nonce_of(ctx, account.address)
    signature = sign(
        account, consent_typed_data(ctx, account.address, content_hashes, consent, nonce, deadline)
    )
    return ctx.sender(RELAYER).send(
        registry.setConsentFor(account.address, hashes, consent, deadline, signature)
    )


def set_metadata(
    ctx: Context, account: LocalAccount, metadata_cids: Mapping[str, str], direct: bool = False
) -> Mapping[str, Any]:
    """Name new metadata documents (content hash → CID); relayed by default."""
    registry = ctx.contracts.registry.functions
    digests = [digest_of(cid) for cid in metadata_cids.values()]
    lists = [[bytes.fromhex(text[2:]) for text in texts] for texts in (metadata_cids, digests)]
    if direct:
        return ctx.sender(account).send(registry.setMetadata(*lists))
    content = {"contentHashes": list(metadata_cids), "metadataDigests": digests}
    deadline, signature = _signed(ctx, account, "SetMetadata", METADATA_TYPE, content)
    return ctx.sender(RELAYER).send(registry.setMetadataFor(account.address, *lists, deadline, signature))


def set_payee(ctx: Context, account: LocalAccount, payee: str, direct: bool = False) -> Mapping[str, Any]:
    """Name who is paid what sales owe the artist; the artist's own address: nobody else. Relayed by default."""
    registry = ctx.contracts.registry.functions
    if direct:
        return ctx.sender(account).send(registry.setPayee(payee))
    deadline, signature = _signed(ctx, account, "SetPayee", PAYEE_TYPE, {"payee": payee})
    return ctx.sender(RELAYER).send(registry.setPayeeFor(account.address, payee, deadline, signature))


def records_of(ctx: Context, content_hashes: Sequence[str], block: int | str = "latest") -> dict[str, Record]:
    """What the chain knows about these works at `block`; unknown ones are left out."""
    record_of = ctx.contracts.registry.functions.recordOf
    answers = call_many(ctx.client, [record_of(bytes.fromhex(text[2:])) for text in content_hashes], block)
    records = {
        text: Record(answer["artist"], answer["registeredAt"], answer["consent"], answer["revoked"])
        for text, answer in zip(content_hashes, answers, strict=True)
    }
    return {text: record for text, record in records.items() if record.artist != ZERO_ADDRESS}


def batches(works: Sequence[PreparedWork]) -> Iterator[Sequence[PreparedWork]]:
    """At most BATCH_SIZE works each, in order."""
    for start in range(0, len(works), BATCH_SIZE):
        yield works[start : start + BATCH_SIZE]


def _work_json(work: PreparedWork) -> dict[str, Any]:
    return {
        "contentHash": work.content_hash,
        "ipfsDigest": digest_of(work.cid),
        "metadataDigest": digest_of(work.metadata_cid),
        "consent": work.consent,
    }


def _signed(
    ctx: Context, account: LocalAccount, kind: str, fields: list[dict[str, str]], content: Mapping[str, Any]
) -> tuple[int, bytes]:
    """(deadline, signature) of the artist's next message of this kind."""
    deadline = ctx.client.now() + SIGNATURE_VALID_S
    nonce = nonce_of(ctx, account.address)
    message = {"artist": account.address, **content, "nonce": nonce, "deadline": deadline}
    return deadline, sign(account, _typed(ctx, kind, {kind: fields}, message))


def _typed(ctx: Context, primary: str, types: Mapping[str, list], message: dict[str, Any]) -> dict[str, Any]:
    domain = {
        "name": "MeltingPot ArtworkRegistry",
        "version": "1",
        "chainId": ctx.client.chain_id,
        "verifyingContract": ctx.contracts.registry.address,
    }
    return {
        "types": {"EIP712Domain": DOMAIN_TYPE, **types},
        "primaryType": primary,
        "domain": domain,
        "message": message,
    }
