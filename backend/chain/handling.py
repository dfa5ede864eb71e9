"""Which function an event is handled by: handlers register themselves here by contract and event."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from backend.chain.events import Event

Handler = Callable[[Session, Event], None]
HANDLERS: dict[tuple[str, str], Handler] = {}


def handles(contract: str, *events: str) -> Callable[[Handler], Handler]:
    """Registers a handler for events of the contract of this name."""

    def register(handler: Handler) -> Handler:
        for event in events:
            HANDLERS[(contract, event)] = handler
        return handler

    return register


def apply(session: Session, event: Event) -> None:
    """Runs the handler of an event, if it has one."""
    handler = HANDLERS.get((event.contract, event.name))
    if handler is not None:
        handler(session, event)
