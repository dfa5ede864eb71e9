"""What a generated picture is bound to: the order that paid for it and the model version that made it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from model.provenance.code import PAYLOAD_BITS

SCHEMA = "meltingpot/generation@1"
DOMAIN = b"meltingpot/watermark@1"


@dataclass(frozen=True)
class Origin:
    """`market` is the contract that took the order, `number` the picture's in its order (from 0), `model_cid` the
    model version; ids and hashes as 0x hex of 32 bytes.
    """

    chain_id: int
    market: str
    order_id: str
    number: int
    model_cid: str
    prompt_hash: str

    def to_json(self) -> dict[str, Any]:
        """As the manifest's own assertion carries it."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The reverse. Raises ValueError when it is no such assertion."""
        told = dict(data)
        if told.pop("schema", None) != SCHEMA or set(told) != set(cls.__dataclass_fields__):
            raise ValueError(f"not a {SCHEMA}: {sorted(data)}")
        numbers = {name: int(told[name]) for name in ("chain_id", "number")}
        return cls(**{name: str(value) for name, value in told.items()} | numbers)

    @property
    def payload(self) -> bytes:
        """The watermark's 8 bytes: the first of sha256(DOMAIN ‖ order id ‖ number as 4 bytes ‖ model CID).

        The order id is a hash over chain and contract already.
        """
        order = bytes.fromhex(self.order_id.removeprefix("0x"))
        told = DOMAIN + order + self.number.to_bytes(4, "big") + self.model_cid.encode("ascii")
        return hashlib.sha256(told).digest()[: PAYLOAD_BITS // 8]
