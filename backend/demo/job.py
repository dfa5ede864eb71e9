"""The demo's job: the 13 steps of docs/flow.md on any set of works, with real services, by the functions that
the commands and the API use. Only time is unlike production: the development chain's clock is moved forward."""
from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.chain.indexer import wait_until_indexed
from backend.errors import InputRefused, MeltingPotError
from backend.generations import service as generations
from backend.generations import tokens
from backend.generations.funding import fund_buyer
from backend.generations.prompts import MAX_PROMPT_BYTES
from backend.generations.tables import Job, Order
from backend.governance import service as governance
from backend.royalties import service as royalties
from backend.royalties import tips
from backend.stack.local import LocalStack
from backend.stake.tables import StakeBalance
from backend.training import rounds
from backend.training import service as training
from backend.training.method import Method
from backend.works import registration
from backend.works.service import import_manifest
from model.settings import TrainSettings

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from backend.context import Context
    from backend.demo.reporter import Reporter

BUYERS = 5
PROMPTS = 8  # orders of a run: one a buyer, one that expires, two under old and new rules
HOUR_S, DAY_S = 3600, 24 * 3600
TIP = 10**6
VOTERS = 6
REFUSALS_SHOWN = 5
RULES_CHANGE = {"artistsBps": 4500, "holdersBps": 3500, "platformBps": 1000}
PAY = generations.WAYS_TO_PAY


class DemoFailed(MeltingPotError):
    """A step did not come to what it must come to."""

    code, title = "demo_failed", "The demo failed"


class NothingRegistered(InputRefused):
    """The set holds no work that can be registered."""

    code, title = "nothing_registered", "No works"


@dataclass
class DemoJob:
    """One run. `paid_by` and `prompts` remember, by order id, what the tables do not tell."""

    ctx: Context
    stack: LocalStack
    reporter: Reporter
    manifest: Path
    prompts_wanted: Sequence[str]
    steps: int | None = None
    imported: dict[str, Any] = field(default_factory=dict)
    paid_by: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Steps 1 to 13, each under its title."""
        for key, title, step in (
            ("works", "Works onto IPFS and into the registry", self.register_works),
            ("consent", "One artist withdraws consent", self.withdraw_consent),
            ("training", "Training on exactly the consenting works", self.train),
            ("contributions", "What each artist gave the model", self.measure),
            ("round", "The round: proposed, unchallenged, finalised; stake claimed", self.settle_round),
            ("orders", "Five buyers order and pay into escrow", self.order),
            ("generations", "The worker generates, attributes and fulfils", self.await_fulfilment),
            ("thanks", "A buyer tips the artists and makes a token of the picture", self.thank),
            ("refund", "The order nobody fulfilled goes back to its buyer", self.refund),
            ("claims", "Artists, holders and funds claim", self.claim),
            ("vote", "Holders vote new rules; the next sale follows them", self.vote),
        ):
            with self.reporter.step(key, title):
                step()
                self.sync()

    def sync(self) -> None:
        """Waits until the tables tell what the chain tells, and sees that every service still lives."""
        self.stack.check()
        wait_until_indexed(self.ctx.sessions, self.ctx.client.block_number(), timeout_s=60)

    # -- 1 to 4: works -------------------------------------------------------------------------------------------------

    def register_works(self) -> None:
        result = import_manifest(self.manifest, self.ctx, self.reporter.progress, direct=self._registers_directly)
        self.imported = result.to_json()
        for refusal in result.refused[:REFUSALS_SHOWN]:
            self.reporter.say(f"line {refusal['line']} refused: {refusal['message']}")
        if len(result.refused) > REFUSALS_SHOWN:
            self.reporter.say(f"{len(result.refused) - REFUSALS_SHOWN} more lines refused: report.json lists them")
        if not result.works:
            raise NothingRegistered(f"No line of {self.manifest} could be registered.",
                                    "Mend the lines named above." if result.refused else "The file holds no line.")
        self.prompts_wanted = self.prompts_wanted or prompts_from([work["title"] for work in result.works])
        self.reporter.say(f"{len(result.works)} works by {result.artists} artists, {result.cids_verified} CIDs equal to ours")

    def _registers_directly(self, artist: str, works: int) -> bool:
        """Artists with one work send their registration themselves, the others sign and have it relayed."""
        return works == 1

    def withdraw_consent(self) -> None:
        """The last of the artists with the fewest works withdraws, so that 'exactly the consenting works' means something."""
        works: dict[str, list[dict[str, Any]]] = {}
        for work in self.imported["works"]:
            works.setdefault(work["artist_name"], []).append(work)
        if len(works) < 3:
            self.reporter.say("too few artists: all keep their consent")
            return
        fewest = min(map(len, works.values()))
        name = [name for name, theirs in works.items() if len(theirs) == fewest][-1]
        registration.set_consent(self.ctx, self.ctx.wallets.account(f"artist:{name}"),
                                 [work["content_hash"] for work in works[name]], consent=0)
        self.reporter.say(f"{name} withdrew consent for {fewest} work{'s' if fewest > 1 else ''}")

    # -- 5 to 7: model and stake ---------------------------------------------------------------------------------------

    def train(self) -> None:
        settings = TrainSettings() if self.steps is None else replace(TrainSettings(), steps=self.steps)
        self.trained = training.train_round(self.ctx, settings, self.reporter.progress)
        self.reporter.say(f"{self.trained.works} works by {self.trained.artists} artists, model {self.trained.model_cid}")
        if self.trained.left_out:
            self.reporter.say(f"{self.trained.left_out} consenting works cannot be read and were left out; the dataset names them")

    def measure(self) -> None:
        report, self.report_cid = training.measure_contributions(self.ctx, self.trained, Method(), self.reporter.progress)
        self.reporter.say(f"{sum(int(a['allocation']) > 0 for a in report['allocations'])} artists above chance, report {self.report_cid}")

    def settle_round(self) -> None:
        round_id = rounds.propose(self.ctx, self.report_cid)
        self.sync()
        self.ctx.client.advance_time(self._rules().challenge_window + 1)
        rounds.finalise(self.ctx, round_id)
        self.sync()
        claimed = rounds.claim_all(self.ctx, round_id)
        self.reporter.say(f"round {round_id} is final; stake claimed for {len(claimed)} accounts")

    # -- 8 to 11: sales ------------------------------------------------------------------------------------------------

    def order(self) -> None:
        """Five buyers by three ways of paying; one more order has too little time left for any worker."""
        for number in range(1, BUYERS + 1):
            fund_buyer(self.ctx, self.ctx.wallets.address(f"buyer:{number}"))
            self._buy(number, tuple(PAY)[number % len(PAY)])
        self.expiring = self._buy(BUYERS, "approve", window_s=120)

    def await_fulfilment(self) -> None:
        """Waits for all orders that have a day; the worker is a process of its own."""
        self._await([order_id for order_id in self.paid_by if order_id != self.expiring])

    def thank(self) -> None:
        """The first order becomes a token; the buyer of the first one that credited artists tips them."""
        for number, (order_id, prompt) in enumerate(self.prompts.items(), 1):
            buyer = self.ctx.wallets.account(f"buyer:{min(number, BUYERS)}")
            if number == 1:
                self.reporter.say(f"token {hex(tokens.mint(self.ctx, buyer, order_id))[:10]}… is buyer 1's: “{prompt}”")
            with suppress(tips.NobodyToTip):
                given = tips.tip(self.ctx, buyer, order_id, TIP)
                self.reporter.say(f"{len(given)} artists of “{prompt}” were tipped 1 dUSD together")
                return

    def refund(self) -> None:
        self.ctx.client.advance_time(HOUR_S)
        if generations.refund_expired(self.ctx, self.expiring) != [self.expiring]:
            raise DemoFailed(f"order {self.expiring} was not refunded", "Look at the worker's log.")

    # -- 12 and 13: claims and vote ------------------------------------------------------------------------------------

    def claim(self) -> None:
        """After two stream periods all that holders earned so far has been streamed to them."""
        self.ctx.client.advance_time(2 * self._rules().stream_period + 1)
        paid = royalties.claim_all(self.ctx)
        self.reporter.say(f"{len(paid)} accounts were paid")

    def vote(self) -> None:
        voters = self._voters()
        change = dict(RULES_CHANGE)
        proposer = self._proposer(voters[0])
        proposal = governance.propose_rules(self.ctx, proposer, change, "Artists a picture draws on get 45 % of its price instead of 40 %; the platform gives up 5 %.")
        self.sync()
        self.ctx.client.advance_time(governance.state_of(self.ctx, proposal).vote_start - self.ctx.client.now() + 1)
        for number, voter in enumerate(voters):
            against = number == len(voters) - 1 and number > 1
            if number == 0:
                governance.vote(self.ctx, voter, proposal, support=1)
            else:
                governance.vote_by_signature(self.ctx, voter, proposal, support=0 if against else 1)
        self.ctx.client.advance_time(governance.state_of(self.ctx, proposal).vote_end - self.ctx.client.now() + 1)
        governance.queue(self.ctx, proposal)
        self.sync()
        self.ctx.client.advance_time(governance.state_of(self.ctx, proposal).eta - self.ctx.client.now() + 1)
        governance.execute(self.ctx, proposal)
        self.sync()
        self._sell_under_both_rules()

    def _sell_under_both_rules(self) -> None:
        """One order is signed in the notice period and fulfilled after it; the next is signed under the new rules."""
        version, _ = governance.latest_rules(self.ctx)
        effective = self.ctx.contracts.rules.functions.effectiveFrom(version).call()
        worker = self.stack.services["worker"].process
        os.kill(worker.pid, signal.SIGSTOP)  # no worker runs until the new rules are in force
        try:
            before = self._buy(1, "authorization", window_s=effective - self.ctx.client.now() + DAY_S)
            self.ctx.client.advance_time(effective - self.ctx.client.now() + 1)
            after = self._buy(2, "permit")
        finally:
            os.kill(worker.pid, signal.SIGCONT)
        self._await([before, after])

    # -- shared ----------------------------------------------------------------------------------------------------------

    def _rules(self):
        return governance.current_rules(self.ctx)[1]

    def _buy(self, buyer: int, pay: str, window_s: int = DAY_S) -> str:
        account = self.ctx.wallets.account(f"buyer:{buyer}")
        prompt = self.prompts_wanted[len(self.paid_by) % len(self.prompts_wanted)]
        order = generations.quote(self.ctx, prompt, account.address, deadline=self.ctx.client.now() + window_s)
        order_id = PAY[pay](self.ctx, account, order, prompt)
        self.paid_by[order_id], self.prompts[order_id] = pay, prompt
        self.reporter.say(f"buyer {buyer} paid by {pay}: “{prompt}”")
        return order_id

    def _await(self, order_ids: list[str], timeout_s: float = 180) -> None:
        """Waits for all; `timeout_s` is for each further one, so that a slow machine is no failure."""
        end, before = time.monotonic() + timeout_s, 0
        while time.monotonic() < end:
            self.stack.check()
            with self.ctx.sessions() as session:
                states = dict(session.execute(select(Order.order_id, Order.state).where(Order.order_id.in_(order_ids))).all())
                failed = session.execute(select(Job.order_id, Job.error).where(Job.order_id.in_(order_ids), Job.state == "failed")).all()
            if failed:
                raise DemoFailed(f"order {failed[0].order_id} failed: {failed[0].error}", "Look at the worker's log.")
            done = sum(state == "fulfilled" for state in states.values())
            self.reporter.progress("fulfilled", done, len(order_ids))
            if done == len(order_ids):
                return
            if done > before:
                end, before = time.monotonic() + timeout_s, done
            time.sleep(0.2)
        raise DemoFailed(f"no further order was fulfilled within {timeout_s:.0f} s", "Look at the worker's log.")

    def _voters(self) -> list[LocalAccount]:
        """The artists with the most stake, the largest first. Where stake is spread thin, more than VOTERS are needed."""
        accounts = {}
        for work in self.imported["works"]:
            account = self.ctx.wallets.account(f"artist:{work['artist_name']}")
            accounts[account.address] = account
        with self.ctx.sessions() as session:
            balances = {row.account: row.balance for row in session.scalars(select(StakeBalance)) if row.account in accounts}
        governor = self.ctx.contracts.governor.functions
        supply = self.ctx.contracts.stake.functions.totalSupply().call()
        fraction = supply * governor.quorumNumerator().call() // governor.quorumDenominator().call()
        quorum = max(fraction, governor.LEAST_QUORUM().call())
        return [accounts[address] for address in voters_for(balances, quorum + 1)]

    def _proposer(self, largest: LocalAccount) -> LocalAccount:
        """The largest holder among the artists; the trainer, who has a part of every mint, where all hold too little."""
        votes = self.ctx.contracts.stake.functions.balanceOf(largest.address).call()
        enough = votes >= self.ctx.contracts.governor.functions.proposalThreshold().call()
        return largest if enough else self.ctx.wallets.account("trainer")


def prompt_of(title: str) -> str:
    """A title as a prompt: titles may be longer than prompts (300 characters of up to four bytes)."""
    return title.encode()[:MAX_PROMPT_BYTES].decode(errors="ignore")


def prompts_from(titles: Sequence[str], most: int = PROMPTS) -> list[str]:
    """Titles spread over the set as prompts, each once."""
    different = list(dict.fromkeys(map(prompt_of, titles)))
    count = min(most, len(different))
    return [different[i * len(different) // count] for i in range(count)]


def voters_for(balances: Mapping[str, int], quorum: int) -> list[str]:
    """The largest holders, largest first: VOTERS of them, and more until all but the last reach the quorum."""
    ranked = sorted(balances, key=lambda account: -balances[account])
    count, votes = min(VOTERS, len(ranked)), sum(balances[account] for account in ranked[:VOTERS - 1])
    while votes < quorum and count < len(ranked):
        votes += balances[ranked[count - 1]]
        count += 1
    return ranked[:count]
