"""The text that brownie gives for a custom error."""

from contextlib import AbstractContextManager
from typing import Any

import brownie


def reverts(name: str, *values: Any) -> AbstractContextManager[None]:
    """Expect the custom error `name` with exactly these values (32-byte hex strings as bytes)."""
    return brownie.reverts(f"{name}: {', '.join(_text(v) for v in values)}")


def _text(value: Any) -> str:
    value = getattr(value, "address", value)
    if isinstance(value, str) and len(value) == 66 and value.startswith("0x"):
        value = bytes.fromhex(value[2:])
    return value.lower() if isinstance(value, str) and value.startswith("0x") else str(value)
