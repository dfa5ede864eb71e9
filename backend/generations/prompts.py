"""Prompts: the chain knows only their hash; buyers tell them here, the worker finds them by hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.generations.errors import PromptRefused
from backend.generations.orders import prompt_hash_of
from backend.generations.tables import Prompt

if TYPE_CHECKING:
    from backend.context import Context

MAX_PROMPT_BYTES = 1_000


def checked(prompt: str) -> str:
    """The prompt as it is hashed: exactly as given. Raises PromptRefused when empty or too long."""
    size = len(prompt.encode("utf-8", errors="surrogatepass"))
    if not prompt.strip():
        raise PromptRefused("The prompt is empty.", "Say in a few words what the picture should show.")
    if size > MAX_PROMPT_BYTES:
        raise PromptRefused(
            f"The prompt has {size} bytes, at most {MAX_PROMPT_BYTES} are allowed.",
            "Shorten it; letters beyond ASCII count as two to four bytes.",
        )
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PromptRefused(
            "The prompt holds a lone surrogate, which UTF-8 cannot carry.", "Remove it."
        ) from error
    if "\x00" in prompt:  # PostgreSQL cannot store it
        raise PromptRefused("The prompt holds a NUL character.", "Remove it.")
    return prompt


def tell_prompt(ctx: Context, prompt: str, expected_hash: str | None = None) -> str:
    """Stores the prompt under its hash and returns the hash; telling it twice changes nothing.

    Raises PromptRefused when it is not the prompt behind `expected_hash`.
    """
    found = prompt_hash_of(checked(prompt))
    if expected_hash is not None and found != expected_hash.lower():
        raise PromptRefused(
            f"The prompt hashes to {found}, the order names {expected_hash}.",
            "Send the prompt exactly as it was quoted, to the last space.",
        )
    try:
        with ctx.sessions.begin() as session:
            if session.get(Prompt, found) is None:
                session.add(Prompt(prompt_hash=found, prompt=prompt))
    except IntegrityError:
        pass  # told by somebody else at the same moment
    return found


def prompts_of(ctx: Context, hashes: list[str]) -> dict[str, str]:
    """Prompt hash → prompt, for those that have been told."""
    with ctx.sessions() as session:
        rows = session.execute(
            select(Prompt.prompt_hash, Prompt.prompt).where(Prompt.prompt_hash.in_(hashes))
        )
        return {row.prompt_hash: row.prompt for row in rows}
