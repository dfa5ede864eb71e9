"""Sums of the settlement token as people type them: decimal, never a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import click

DECIMALS = 6


class Amount(click.ParamType):
    """Whole settlement tokens with up to six decimals → smallest units, 0 or more."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            units = Decimal(value).scaleb(DECIMALS)
            if units != units.to_integral_value() or not 0 <= units < 2**128:
                raise ValueError(value)
            return int(units)
        except (InvalidOperation, ValueError, TypeError):
            self.fail(f"{value!r} is no sum of money; an example is 1.25.", param, ctx)


def decimal_of(amount: int) -> str:
    """Smallest units as a decimal number of whole settlement tokens."""
    return f"{amount // 10**DECIMALS}.{amount % 10**DECIMALS:0{DECIMALS}d}"
