"""Bodies of the API's calls on works."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
DIGEST = "0x" + "5f" * 32
CID = "bafybeif2c5hp3djrmbnchmrhqdlyvvt6n5qm4cd6xcf4gekbgiatuugnqa"

AddressText = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", examples=[ADDRESS])]
Bytes32Text = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$", examples=[DIGEST])]
CidText = Annotated[str, Field(pattern=r"^baf[a-z2-7]{50,60}$", examples=[CID])]


class WorkView(BaseModel):
    """A registered work; the description is null until its metadata document could be read."""

    content_hash: Bytes32Text = Field(description="sha256 of the file")
    artist: AddressText
    cid: CidText
    metadata_cid: CidText
    consent: int = Field(description="bit 0: training", examples=[1])
    revoked: bool = Field(description="by a dispute: nobody may use it")
    described_by: AddressText = Field(
        description="whose words title, name and tags are: of a moved work, the old artist's until changed"
    )
    registered_at: int = Field(description="chain time, seconds")
    block_number: int
    title: str | None
    artist_name: str | None
    tags: list[str] | None
    licence: str | None
    source: str | None
    width: int | None = Field(description="pixels")
    height: int | None = Field(description="pixels")
    media_type: str | None


class WorkPage(BaseModel):
    """One page of works, the newest first."""

    works: list[WorkView]
    next_cursor: str | None = Field(description="null on the last page")


class WorkCounts(BaseModel):
    """How much is registered."""

    works: int
    consenting: int
    artists: int


class UnregisteredWork(BaseModel):
    """A work whose file and metadata are on IPFS, ready to be signed."""

    model_config = ConfigDict(extra="forbid")

    content_hash: Bytes32Text
    cid: CidText
    metadata_cid: CidText
    consent: int = Field(1, ge=0, le=1)


class PreparedFile(BaseModel):
    """An uploaded file: what to send to /works/registrations, and the message to sign for it."""

    work: UnregisteredWork
    document: dict[str, Any] = Field(description="the metadata document that is on IPFS now")
    deadline: int = Field(description="chain time until which the signature counts")
    typed_data: dict[str, Any] = Field(description="EIP-712 message RegisterWorks for eth_signTypedData_v4")


class Registration(BaseModel):
    """Works with the artist's signature over them."""

    model_config = ConfigDict(extra="forbid")

    artist: AddressText
    works: list[UnregisteredWork] = Field(min_length=1, max_length=40)
    deadline: int = Field(ge=0, lt=2**64, description="as in the signed message")
    signature: str = Field(
        pattern=r"^0x[0-9a-fA-F]{130,2600}$",
        description="65 bytes, or what the artist's contract wallet takes",
    )


class Registered(BaseModel):
    """What the relayer sent."""

    tx_hash: Bytes32Text
    block_number: int
    content_hashes: list[Bytes32Text]


class ToSign(BaseModel):
    """Works to be signed together."""

    model_config = ConfigDict(extra="forbid")

    artist: AddressText
    works: list[UnregisteredWork] = Field(min_length=1, max_length=40)


class TypedData(BaseModel):
    """A message for eth_signTypedData_v4 and the time until which its signature counts."""

    deadline: int
    typed_data: dict[str, Any]
