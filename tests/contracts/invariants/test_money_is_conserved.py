"""Sales whole and in parts, prepaid sales, tips, gifts, refunds, claims, payees, stake and time in any order:
no unit is lost, invented or paid wrongly.

Checked after every step: the balances of market and prepaid sales against naive ledgers, what each account is
owed, the pool's exact conservation, and what each holder may claim against a naive model of the stream.
"""

from math import ceil

from hypothesis import strategies as st

from tests.contracts.clock import DAY, WEEK, mine_at, next_at, now
from tests.contracts.invariants.ledger_model import LedgerModel
from tests.contracts.invariants.stream_model import StreamModel
from tests.contracts.orders import PRICE, delivered, order, order_id, sold, totals
from tests.contracts.pool import assert_conserved, deposit, giver
from tests.contracts.prepaid import Credits, charge, settled
from tests.contracts.stake import TOKEN, mint

HOLDERS = ("artist", "artist2", "artist3", "other")
PAYEES = ("platform", "network", "learning", "artist")
PLENTY = 10**15
FAR = 2**63


class Machine:
    st_holder = st.sampled_from(HOLDERS)
    st_payees = st.lists(st.sampled_from(PAYEES), min_size=3, max_size=3)
    st_part = st.integers(1, 1_000)
    st_seconds = st.one_of(st.integers(1, 3 * DAY), st.integers(5 * DAY, 40 * DAY))
    st_quantity = st.integers(1, 5_000)
    st_bps = st.integers(0, 4_000)
    st_periods = st.sampled_from([0, 0, 1, 2, 5])
    st_offset = st.integers(-1, 1)

    def __init__(cls, system, who, timelock):
        cls.system, cls.who, cls.timelock = system, who, timelock
        cls.accounts = {name: getattr(who, name).address for name in HOLDERS}
        cls.first = order_id(system.market, sold(system, who))  # what tips are for
        cls.began = now()
        for spender in (system.market, system.prepaid):
            system.token.approve(spender, PLENTY, {"from": who.buyer})
        system.token.mint(who.buyer, 2 * PLENTY, {"from": who.buyer})
        giver(system, PLENTY)

    def setup(self):
        who = self.who
        self.ledger = LedgerModel([a.address for a in (who.platform, who.network, who.learning)])
        self.stream = StreamModel(self.began)
        self.stream.deposit(self.began, self.ledger.divide(PRICE, 0))
        self.salt = 1
        self.paid = dict.fromkeys(HOLDERS, 0)

    def initialize_stake(self, holder="st_holder", part="st_part"):
        """Three times out of four there is stake before all else."""
        if part % 4:
            self.rule_mint(holder, part)

    def rule_mint(self, holder="st_holder", part="st_part"):
        mint(self.system, self.who, [(self.accounts[holder], part * TOKEN // 7 + 1)])
        self.stream.move(now(), None, holder, part * TOKEN // 7 + 1)

    def rule_transfer(self, holder="st_holder", receiver="st_holder", part="st_part"):
        amount = self.stream.balances.setdefault(holder, 0) * part // 1_000
        self.system.stake.transfer(self.accounts[receiver], amount, {"from": self.accounts[holder]})
        self.stream.move(now(), holder, receiver, amount)

    def rule_sell(self, quantity="st_quantity", bps="st_bps", holder="st_holder", part="st_part"):
        self.rule_request(quantity)
        self.rule_deliver_or_refund(bps, holder, part)

    def rule_request(self, quantity="st_quantity"):
        self.salt += 1
        an_order = order(self.who.buyer, quantity=quantity, salt=self.salt)
        self.system.market.request(an_order, {"from": self.who.buyer})
        self.ledger.left[an_order] = quantity

    def rule_deliver_or_refund(self, bps="st_bps", holder="st_holder", part="st_part"):
        """The oldest order: all that is left of it, or half the time a part."""
        if not self.ledger.left:
            return
        an_order, left = next(iter(self.ledger.left.items()))
        if now() >= an_order.deadline:
            self.system.market.refund(an_order, {"from": self.who.other})
            del self.ledger.left[an_order]
            return
        next_at(now() + 1)
        quantity = left if part % 2 else max(1, left * part // 1_000)
        credit = quantity * PRICE * bps // 10_000
        artist = self.accounts[holder]
        delivered(self.system, self.who, an_order, *([(artist, credit)] if credit else []), quantity=quantity)
        self.stream.deposit(now(), self.ledger.deliver(an_order, quantity, artist, credit))

    def rule_tip(self, holder="st_holder", part="st_part"):
        self.system.market.tip(self.first, [(self.accounts[holder], part)], {"from": self.who.buyer})
        self.ledger.owed[self.accounts[holder]] += part

    def rule_give_at_an_edge(self, part="st_part", periods="st_periods", offset="st_offset"):
        """To the holders, in the last second of a period, in that of its end, or just after; or later."""
        state = self.system.pool.streamState().dict()
        end = state["start"] + state["length"] * (1 + periods) + offset
        deposit(self.system, part, at=max(end, now() + 1))
        self.stream.deposit(now(), part)

    def rule_prepay(self, quantity="st_quantity"):
        self.system.prepaid.deposit(self.who.buyer, quantity * PRICE, {"from": self.who.buyer})
        self.ledger.balance += quantity * PRICE

    def rule_settle(self, quantity="st_quantity", bps="st_bps", holder="st_holder", receiver="st_holder"):
        """Two vouchers in one settlement; half of the credits for each of two artists."""
        prices = [n * PRICE for n in (quantity // 2, quantity - quantity // 2) if n]
        if sum(prices) > self.ledger.balance:
            return
        start, charges = self.ledger.spent, []
        for price in prices:
            charges.append(charge(self.system, self.who.buyer, start, start + price, deadline=FAR))
            start += price
        at = now() + 1
        period, attributed = at // WEEK, sum(prices) * bps // 10_000
        new = {self.accounts[holder]: attributed // 2}
        new[self.accounts[receiver]] = new.get(self.accounts[receiver], 0) + attributed - attributed // 2
        new = new if attributed else {}
        sums = {**self.ledger.credits[period]}
        for artist, amount in new.items():
            sums[artist] = sums.get(artist, 0) + amount
        next_at(at)
        credits = Credits(period, *sums.items()) if attributed else None
        settled(self.system, self.who, charges, credits, sum(new.values()))
        self.stream.deposit(now(), self.ledger.settle(period, sum(prices), new))

    def rule_withdraw(self, part="st_part"):
        """Announces, or takes what was announced before once it is available."""
        prepaid, buyer = self.system.prepaid, self.who.buyer
        available = prepaid.withdrawalOf(buyer)["availableFrom"]
        if available and now() >= available:
            amount = min(self.ledger.announced, self.ledger.balance)
            assert prepaid.withdraw(buyer, {"from": self.who.relayer}).return_value == amount
            self.ledger.balance -= amount
        else:
            self.ledger.announced = self.ledger.balance * part // 1_000
            prepaid.announceWithdrawal(self.ledger.announced, {"from": buyer})

    def rule_claim(self, holder="st_holder"):
        """From all three: the stream, the market, the credits of every week."""
        account = self.accounts[holder]
        events = self.system.pool.claim(account, {"from": self.who.relayer}).events
        self.paid[holder] += events["RevenueClaimed"]["amount"] if "RevenueClaimed" in events else 0
        self.claim_owed(account)
        for period, sums in self.ledger.credits.items():
            if account in sums:
                paid = self.system.prepaid.claim(*Credits(period, *sums.items()).claim(account),
                                                 {"from": self.who.relayer}).return_value
                assert paid == sums[account] - self.ledger.claimed[period, account]
                self.ledger.claimed[period, account] = sums[account]

    def rule_set_payees(self, payees="st_payees"):
        named = [getattr(self.who, name).address for name in payees]
        self.system.market.setPayees(*named, {"from": self.timelock})
        self.ledger.payees = dict(zip(self.ledger.payees, named))

    def rule_claim_of_a_payee(self, payees="st_payees"):
        self.claim_owed(getattr(self.who, payees[0]).address)

    def claim_owed(self, account):
        paid = self.system.market.claim(account, {"from": self.who.relayer}).return_value
        assert paid == self.ledger.owed.pop(account, 0)

    def rule_wait(self, seconds="st_seconds"):
        mine_at(now() + seconds)

    def invariant_money(self):
        market, prepaid = self.system.market, self.system.prepaid
        sums = totals(self.system, *self.ledger.left)
        assert sums["escrowed"] == self.ledger.escrowed
        for account in {*self.accounts.values(), *(getattr(self.who, name).address for name in PAYEES)}:
            assert market.owed(account) == self.ledger.owed.get(account, 0)
        shares = sum(sums[n] for n in ("attributed", "tipped", "platform", "network", "learning"))
        assert shares == sums["claimed"] + sum(self.ledger.owed.values())
        assert prepaid.balanceOf(self.who.buyer) == (self.ledger.balance, self.ledger.spent)
        assert self.system.token.balanceOf(prepaid) == self.ledger.kept

    def invariant_holders(self):
        """Whoever holds what part of the stake for how long gets exactly that part of the stream."""
        assert_conserved(self.system, list(self.accounts.values()))
        self.stream.advance(now())
        assert self.system.pool.pending() == ceil(self.stream.pending)
        for name, account in self.accounts.items():
            got = self.paid[name] + self.system.pool.claimable(account)
            assert abs(got - self.stream.earned.get(name, 0)) <= self.stream.moves + 1


def test_money_is_conserved(system, who, timelock, state_machine):
    state_machine(Machine, system, who, timelock, settings={"max_examples": 6, "stateful_step_count": 14})
