"""Compensation rules as tuples, in the order of the Solidity struct."""

from typing import Any

from scripts.deployment import FIRST_RULES

FIRST = tuple(FIRST_RULES.values())


def changed(**changes: Any) -> tuple[int, ...]:
    """Version 1 with some fields changed."""
    assert changes.keys() <= FIRST_RULES.keys()
    return tuple({**FIRST_RULES, **changes}.values())
