"""What every router shares: the context of the app, and the problem details of its errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from backend.context import Context
else:
    Context = Any  # FastAPI evaluates annotations; importing the class is not worth what it loads

PROBLEM_JSON = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457 problem details; `what_to_do` is for a person."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:meltingpot:error:order_not_found"])
    title: str = Field(examples=["Order not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["No order 0x5f… is known."])
    code: str = Field(examples=["order_not_found"])
    what_to_do: str = Field(examples=["Check the id."])
    instance: str | None = Field(None, examples=["/orders/0x5f…"])


def context_of(request: Request) -> Context:
    """The context that the app was made with."""
    return request.app.state.ctx


ContextOf = Annotated[Context, Depends(context_of)]


def Problems(*statuses: int) -> dict[int | str, dict[str, Any]]:  # noqa: N802 - reads as a type in the decorators
    """The `responses` of a path operation: problem details for each status."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_JSON: {"schema": Problem.model_json_schema()}},
        }
        for status in statuses
    }
