"""Every error says what happened and what to do, in the same shape for API and command line."""

from __future__ import annotations

import json
import re

import pytest

from backend import errors
from backend.errors import ContractReverted, MeltingPotError, NotFound


def every_error() -> list[type[MeltingPotError]]:
    return [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, MeltingPotError)
    ]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_each_class_is_complete(error: type[MeltingPotError]) -> None:
    assert re.fullmatch(r"[a-z_]+", error.code)
    assert 400 <= error.status < 600
    assert error.exit_code in (1, 2, 3, 4, 5)
    assert error.title and error.__doc__


def test_codes_are_different() -> None:
    codes = [error.code for error in every_error()]
    assert len(set(codes)) == len(codes)


def test_problem_details() -> None:
    error = NotFound(
        "There is no order 0x1.", "List the orders.", order_id="0x1", salt=2**200, nested={"a": [2**60, True]}
    )
    assert error.problem(instance="/orders/0x1") == {
        "type": "urn:meltingpot:error:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no order 0x1.",
        "code": "not_found",
        "what_to_do": "List the orders.",
        "instance": "/orders/0x1",
        "order_id": "0x1",
        "salt": str(2**200),
        "nested": {"a": [str(2**60), True]},
    }
    json.dumps(error.problem())


def test_details_cannot_replace_the_problems_own_members() -> None:
    assert NotFound("no", status="x").problem()["status"] == 404


def test_text_has_message_and_advice() -> None:
    assert str(errors.ChainUnavailable("No chain answers.")).startswith("No chain answers. Start a chain")


def test_contract_reverted_carries_name_and_arguments() -> None:
    error = ContractReverted("TooMuch", {"asked": 2**100}, "Too much.", "Ask for less.", function="mint")
    assert (error.exit_code, error.name, error.arguments) == (5, "TooMuch", {"asked": 2**100})
    assert error.problem()["arguments"] == {"asked": str(2**100)}
    assert error.problem()["function"] == "mint"
