"""The indexer: follows the chain and keeps raw events, derived tables and its cursor in step, in one
transaction each.

`run_once` = `_ready` (is this the chain and deployment that the tables tell of?) → `_rewind` (was something
taken back?) → `_step` until the head is reached: `_far_step` by block range where a reorganisation cannot
reach any more, `_near_step` block by block, by hash, below the head. As a process: `python -m
backend.chain.indexer`.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from backend.chain import ledger
from backend.chain.client import ChainClient, RpcError
from backend.chain.contracts import Contracts
from backend.chain.events import Event, LogDecoder
from backend.chain.tables import ChainCursor
from backend.errors import (
    ChainUnavailable,
    IndexerBehind,
    IndexerHalted,
    MeltingPotError,
    ServiceUnavailable,
)
from backend.stopping import stop_on_signals

log = logging.getLogger(__name__)
NEAR_BLOCKS = 64  # blocks of one transaction near the head
MAX_SPAN = 10_000
MANY_LOGS = 5_000  # a range with more logs than this is followed by a shorter one
RETRY_S = 2.0
MOST_STANDSTILLS = 50  # steps without a new block before the node is left alone for a moment


class Indexer:
    """Applies the events of our contracts, each exactly once, in the order of the chain."""

    def __init__(self, client: ChainClient, contracts: Contracts, sessions: sessionmaker[Session]) -> None:
        self._client = client
        self._contracts = contracts
        self._sessions = sessions
        self._settings = client.settings
        # The settlement token is not ours: millions of its transfers have nothing to do with us.
        ours = {name: address for name, address in contracts.addresses.items() if name != "SettlementToken"}
        self._addresses = list(ours.values())
        self._decoder = LogDecoder(ours, contracts.abis)
        self._span = self._settings.indexer_span

    # -- running ---------------------------------------------------------------------------------------------

    def run_once(self) -> int:
        """Catches up with the head; returns the number of events applied. Raises IndexerHalted,
        ChainUnavailable."""
        applied = standstills = 0
        last: str | None = None
        while standstills < MOST_STANDSTILLS:
            try:
                cursor = self._rewind(self._ready())
                head = self._client.block_number()
                if cursor.block_number >= head:
                    return applied
                standstills, last = standstills + 1 if cursor.block_hash == last else 0, cursor.block_hash
                applied += self._step(cursor, head)
            except ledger.CursorMoved:
                log.info("another indexer wrote first; going on from its position")
        raise ChainUnavailable(
            f"The node at {self._client.url} names block {head} as its head and does not show the blocks "
            f"after {cursor.block_number} as one chain.",
            "A node that is catching up mends this by itself.",
        )

    def run(self, stop: threading.Event) -> None:
        """Follows the chain until `stop` is set; waits while chain or database are away. Raises
        IndexerHalted."""
        wait = self._settings.indexer_poll_s
        while not stop.is_set():
            try:
                applied = self.run_once()
                if applied:
                    log.info("%d events applied", applied)
                wait = self._settings.indexer_poll_s
            except (ServiceUnavailable, RpcError, OperationalError) as error:
                log.warning("%s Trying again.", error)
                wait = RETRY_S
            stop.wait(wait)

    # -- is it the right chain -------------------------------------------------------------------------------

    def _ready(self) -> ChainCursor:
        """The cursor; made on a new database, and anew when a development chain was reset."""
        with self._sessions() as session:
            cursor = ledger.cursor_of(session)
        known = self._contracts
        if cursor is None:
            return self._start_over("the database is new")
        if (cursor.chain_id, cursor.deployment_hash) != (known.chain_id, known.deployment_hash):
            return self._reset(
                f"The database tells of another deployment (block {cursor.deployment_hash} of chain "
                f"{cursor.chain_id}) than the deployment file."
            )
        return cursor

    def _reset(self, why: str) -> ChainCursor:
        if self._settings.environment != "development":
            raise IndexerHalted(
                why,
                "Give the indexer an empty database (MELTINGPOT_DATABASE_URL), or remove this one: it "
                "is rebuilt from the chain. Nothing but a cache is lost.",
            )
        return self._start_over(why)

    def _start_over(self, why: str) -> ChainCursor:
        known = self._contracts
        first = self._client.block(known.start_block)
        if first is None or first["hash"].lower() != known.deployment_hash:
            raise IndexerHalted(
                f"Block {known.start_block} of the chain at {self._client.url} is not the one in which the "
                "contracts were deployed: the chain was started anew.",
                "Deploy again with `python scripts/deploy.py`, then restart.",
            )
        before = self._client.block(max(known.start_block - 1, 0))
        assert before is not None
        log.warning("indexing from block %d: %s", known.start_block, why)
        with self._sessions.begin() as session:
            ledger.start(session, known.chain_id, known.deployment_hash, before)
            cursor = ledger.cursor_of(session)
            assert cursor is not None
            return cursor

    # -- reorganisations -------------------------------------------------------------------------------------

    def _rewind(self, cursor: ChainCursor) -> ChainCursor:
        """The cursor on a block that is still the chain's: the same one, or the last common one after a
        rewind."""
        if self._is_canonical(cursor.block_number, cursor.block_hash):
            return cursor
        most = self._settings.indexer_max_rewind
        with self._sessions() as session:
            blocks = ledger.recent_blocks(session, most)
        fork = next((b for b in blocks if self._is_canonical(b.block_number, b.block_hash)), None)
        if fork is None:
            return self._reset(
                f"Block {cursor.block_number} ({cursor.block_hash}) and the {most} blocks below it are no "
                "longer on the chain: it was reorganised deeper than the indexer may rewind, or reset."
            )
        with self._sessions.begin() as session:
            removed = ledger.rewind(session, cursor.block_hash, fork)
            log.warning(
                "reorganisation: %d blocks and %d events taken back to block %d",
                cursor.block_number - fork.block_number,
                removed,
                fork.block_number,
            )
            moved = ledger.cursor_of(session)
            assert moved is not None
            return moved

    def _is_canonical(self, number: int, block_hash: str) -> bool:
        header = self._client.block(number)
        return header is not None and header["hash"].lower() == block_hash

    # -- going on --------------------------------------------------------------------------------------------

    def _step(self, cursor: ChainCursor, head: int) -> int:
        """Applies the next blocks in one transaction; returns the number of events (0 also when a fork is in
        the way)."""
        settled = head - self._settings.indexer_max_rewind
        if cursor.block_number < settled:
            found = self._far_step(cursor, settled)
        else:
            found = self._near_step(cursor, head)
        if found is None:
            return 0
        headers, events = found
        with self._sessions.begin() as session:
            ledger.append(session, cursor.block_hash, headers, events, self._settings.indexer_max_rewind)
        return len(events)

    def _far_step(self, cursor: ChainCursor, settled: int) -> tuple[list[dict[str, Any]], list[Event]] | None:
        first = cursor.block_number + 1
        last = min(cursor.block_number + self._span, settled)
        next_header, last_header = self._client.block(first), self._client.block(last)
        if (
            next_header is None
            or last_header is None
            or next_header["parentHash"].lower() != cursor.block_hash
        ):
            return None
        try:
            logs = self._client.rpc(
                "eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(last), "address": self._addresses}
            )
        except RpcError as error:
            if self._span == 1:
                raise
            log.info("range of %d blocks refused (%s): halving it", self._span, error.reason)
            self._span = max(1, self._span // 2)
            return None
        self._span = max(1, self._span // 2) if len(logs) > MANY_LOGS else min(MAX_SPAN, self._span * 2)
        times = self._times(logs)
        events = self._decoder.decode_all(logs, lambda entry: times[entry["blockNumber"]])
        return [ledger.header_row(last_header)], events

    def _times(self, logs: list[dict[str, Any]]) -> dict[str, int]:
        """Block time by block number (raw); nodes that put it into the log spare us the header.

        Raises ChainUnavailable when a log's block is not the chain's: its time is unknown, not 0.
        """
        times: dict[str, int] = {}
        for entry in logs:
            number = entry["blockNumber"]
            if number not in times:
                stamp = entry.get("blockTimestamp")
                if stamp is None:
                    header = self._client.block(int(number, 16))
                    if header is None or header["hash"].lower() != entry["blockHash"].lower():
                        raise ChainUnavailable(
                            f"Block {int(number, 16)} changed at {self._client.url} while it was read.", ""
                        )
                    stamp = header["timestamp"]
                times[number] = int(stamp, 16)
        return times

    def _near_step(self, cursor: ChainCursor, head: int) -> tuple[list[dict[str, Any]], list[Event]] | None:
        headers: list[dict[str, Any]] = []
        events: list[Event] = []
        parent = cursor.block_hash
        for number in range(cursor.block_number + 1, min(cursor.block_number + NEAR_BLOCKS, head) + 1):
            header = self._client.block(number)
            if header is None or header["parentHash"].lower() != parent:
                break  # reorganised while we read: what was read so far is consistent
            row = ledger.header_row(header)
            logs = self._client.rpc(
                "eth_getLogs", {"blockHash": row["block_hash"], "address": self._addresses}
            )
            events += self._decoder.decode_all(logs, lambda _, time_s=row["block_time"]: time_s)
            headers.append(row)
            parent = row["block_hash"]
        return (headers, events) if headers else None

    def rebuild(self) -> int:
        """Makes the derived tables anew from the raw events, in one transaction; returns the number of
        events."""
        with self._sessions.begin() as session:
            return ledger.rebuild(session)


def wait_until_indexed(sessions: sessionmaker[Session], block_number: int, timeout_s: float = 30.0) -> None:
    """Returns once the tables are complete up to `block_number`. Raises IndexerBehind after `timeout_s`."""
    give_up = time.monotonic() + timeout_s
    while True:
        with sessions() as session:
            cursor = ledger.cursor_of(session)
        if cursor is not None and cursor.block_number >= block_number:
            return
        if time.monotonic() > give_up:
            reached = cursor.block_number if cursor is not None else "no block"
            raise IndexerBehind(
                f"The indexer has not reached block {block_number} after {timeout_s:.0f} s (it is at "
                f"{reached}).",
                block_number=block_number,
            )
        time.sleep(0.02)


def main() -> int:
    """The indexer as a process: runs until SIGTERM or SIGINT; exit code by the error that ended it."""
    from backend.context import Context

    context = Context()
    stop = threading.Event()
    stop_on_signals(stop)
    try:
        logging.basicConfig(
            level=context.settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
        )
        Indexer(context.client, context.contracts, context.sessions).run(stop)
    except MeltingPotError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
