"""Sales, refunds, claims, transfers, mints and time in any order: no unit is lost, invented or paid wrongly.

Checked after every step: the market's sums, both contracts' balances, the pool's exact conservation, and what
each holder may claim against a naive model of the stream.
"""

from hypothesis import strategies as st

from tests.contracts.clock import DAY, mine_at, next_at, now
from tests.contracts.invariants.stream_model import StreamModel
from tests.contracts.orders import PRICE, fulfilment, order, totals
from tests.contracts.pool import assert_conserved
from tests.contracts.stake import TOKEN, mint

HOLDERS = ("artist", "artist2", "artist3", "other")
PLENTY = 10**15


class Machine:
    st_holder = st.sampled_from(HOLDERS)
    st_part = st.integers(1, 1_000)
    st_seconds = st.one_of(st.integers(1, 3 * DAY), st.integers(5 * DAY, 40 * DAY))
    st_quantity = st.integers(1, 5_000)
    st_bps = st.integers(0, 4_000)

    def __init__(cls, system, who):
        cls.system, cls.who = system, who
        cls.accounts = {name: getattr(who, name) for name in HOLDERS}
        system.token.mint(who.buyer, PLENTY, {"from": who.buyer})
        system.token.approve(system.market, PLENTY, {"from": who.buyer})

    def setup(self):
        self.model = StreamModel(now())
        self.salt = 0
        self.waiting = []
        self.paid = dict.fromkeys(HOLDERS, 0)

    def initialize_stake(self, holder="st_holder", part="st_part"):
        """Three times out of four there is stake before the first sale."""
        if part % 4:
            self.rule_mint(holder, part)

    def rule_sell(self, quantity="st_quantity", bps="st_bps", holder="st_holder"):
        self.rule_request(quantity)
        self.rule_deliver_or_refund(bps, holder)

    def rule_mint(self, holder="st_holder", part="st_part"):
        mint(self.system, self.who, [(self.accounts[holder], part * TOKEN // 7 + 1)])
        self.model.move(now(), None, holder, part * TOKEN // 7 + 1)

    def rule_transfer(self, holder="st_holder", receiver="st_holder", part="st_part"):
        amount = self.model.balances.setdefault(holder, 0) * part // 1_000
        self.system.stake.transfer(self.accounts[receiver], amount, {"from": self.accounts[holder]})
        self.model.move(now(), holder, receiver, amount)

    def rule_request(self, quantity="st_quantity"):
        self.salt += 1
        an_order = order(self.who.buyer, quantity=quantity, maxPrice=quantity * PRICE, salt=self.salt)
        self.system.market.request(an_order, {"from": self.who.buyer})
        self.waiting.append(an_order)

    def rule_deliver_or_refund(self, bps="st_bps", holder="st_holder"):
        if not self.waiting:
            return
        an_order = self.waiting.pop(0)
        price = an_order.quantity * PRICE
        if now() >= an_order.deadline:
            self.system.market.refund(an_order, {"from": self.who.other})
            return
        next_at(now() + 1)
        credit = price * bps // 10_000
        credits = [(self.accounts[holder], credit)] if credit else []
        self.system.market.fulfil(an_order, fulfilment(*credits), {"from": self.who.operator})
        self.model.deposit(now(), price - price * 25 // 100 - credit)

    def rule_claim(self, holder="st_holder"):
        events = self.system.pool.claim(self.accounts[holder], {"from": self.who.relayer}).events
        self.paid[holder] += events["RevenueClaimed"]["amount"] if "RevenueClaimed" in events else 0
        self.system.market.claim(self.accounts[holder], {"from": self.who.relayer})

    def rule_wait(self, seconds="st_seconds"):
        mine_at(now() + seconds)

    def invariant_market(self):
        market, token = self.system.market, self.system.token
        sums = totals(market)
        payees = [self.who.platform, self.who.network, self.who.learning, *self.accounts.values()]
        owed = sum(market.owed(account) for account in payees)
        shares = sums["attributed"] + sums["learning"] + sums["platform"] + sums["network"]
        assert shares == sums["claimed"] + owed
        assert token.balanceOf(market) == sums["escrowed"] + owed
        assert sums["escrowed"] == sum(o.quantity * PRICE for o in self.waiting)
        assert sums["holders"] == self.system.pool.totals()[0]

    def invariant_pool(self):
        assert_conserved(self.system, list(self.accounts.values()))
        deposited, claimed = self.system.pool.totals()
        assert self.system.token.balanceOf(self.system.pool) == deposited - claimed

    def invariant_holders(self):
        """Whoever holds what part of the stake for how long gets exactly that part of the stream."""
        self.model.advance(now())
        allowed = self.model.touches + 1
        assert abs(self.system.pool.pending() - self.model.pending) <= allowed
        for name, account in self.accounts.items():
            got = self.paid[name] + self.system.pool.claimable(account)
            assert abs(got - self.model.earned.get(name, 0)) <= allowed


def test_money_is_conserved(system, who, state_machine):
    state_machine(Machine, system, who, settings={"max_examples": 6, "stateful_step_count": 12})
