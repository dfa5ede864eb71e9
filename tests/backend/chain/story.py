"""A life of the contracts in which every event that has a handler happens, for the indexer's tests."""

from __future__ import annotations

from typing import Any

from eth_utils import keccak

from backend.chain.transactions import Sender
from backend.context import Context
from backend.generations.orders import Order
from backend.prepaid import vouchers
from backend.prepaid.settlements import artists_tree
from backend.prepaid.vouchers import Voucher
from backend.training.merkle import Leaf, StandardTree
from tests.backend.chain.reading import send_unlocked

DAY = 86_400
ROUND_STAKE = {"artist:Ada": 55_000 * 10**18, "artist:Béla": 40_000 * 10**18}
LEARNING_STAKE = 5_000 * 10**18


def digest(text: str) -> bytes:
    """Any 32 bytes, always the same for a text."""
    return keccak(text=text)


class Story:
    """Acts on the chain through one context; what later checks need is kept in attributes."""

    def __init__(self, context: Context, name: str) -> None:
        self.context = context
        self.name = name  # makes hashes and salts of this story its own: stories share a chain
        self.contracts = context.contracts
        self.orders: dict[str, str] = {}

    def address(self, wallet: str) -> str:
        return self.context.wallets.address(wallet)

    def sender(self, wallet: str) -> Sender:
        return self.context.sender(wallet)

    def send(self, wallet: str, call: Any) -> Any:
        return self.sender(wallet).send(call)

    def give_money(self, wallet: str, amount: int, spender: str) -> None:
        """Settlement token for a wallet, and its approval to a contract."""
        token = self.contracts.token.functions
        self.sender(wallet).send_many(
            [
                token.mint(self.address(wallet), amount),
                token.approve(self.contracts.addresses[spender], amount),
            ]
        )

    def as_timelock(self, call: Any) -> None:
        """Sends a call as the timelock, which development chains allow without its key."""
        timelock = self.contracts.addresses["TimelockController"]
        rpc = self.context.client.rpc
        rpc("anvil_impersonateAccount", timelock)
        rpc("anvil_setBalance", timelock, hex(10**18))
        send_unlocked(self.context, timelock, call)
        rpc("anvil_stopImpersonatingAccount", timelock)

    # -- chapters --------------------------------------------------------------------------------------------

    def works(self) -> None:
        registry = self.contracts.registry.functions
        works = [
            (digest(f"{self.name} work {i}"), digest(f"file {i}"), digest(f"about {i}"), 1) for i in range(3)
        ]
        self.send("artist:Ada", registry.register(works[:2]))
        self.send("artist:Béla", registry.register(works[2:]))
        self.send("artist:Ada", registry.setConsent([works[0][0]], 0))
        proven = (digest(f"{self.name} proven work"), digest("file 3"), digest("about 3"), 1)
        root = registry.leafOf(proven).call()  # a tree of this one leaf: its proof is empty
        self.send("artist:Béla", registry.registerCollection(root, 7, digest("collection"), 1))
        self.context.client.advance_time(DAY)
        collection = registry.collectionCount().call()
        self.send("relayer", registry.proveWork(collection, proven, []))
        self.send("artist:Béla", registry.setCollectionConsent(collection, 0))

    def disputes(self) -> None:
        """Four stolen works: one moved after an appeal, one revoked (and disputed in vain a second time), one
        whose dispute nobody decides, one left alone. Metadata and payee of the thief's change before."""
        registry, disputes = self.contracts.registry.functions, self.contracts.disputes.functions
        thief, author, other = "buyer:7", "artist:Ada", "artist:Béla"
        stolen = [digest(f"{self.name} stolen work {i}") for i in range(4)]
        works = [(key, digest(f"file {i + 10}"), digest("stolen"), 1) for i, key in enumerate(stolen)]
        self.send(thief, registry.register(works))
        self.send(thief, registry.setMetadata(stolen[:1], [digest("mine, I say")]))
        self.send(thief, registry.setPayee(self.address("buyer:8")))
        for wallet in (thief, author, other):
            self.give_money(wallet, 400_000_000, "WorkDisputes")
        first = disputes.nextDisputeId().call()
        moved, revoked, moot, open_ = range(first, first + 4)
        evidence = digest("evidence")
        for wallet, work, kind in ((author, 0, 0), (author, 1, 1), (other, 1, 1), (other, 2, 0)):
            self.send(wallet, disputes.open(stolen[work], kind, evidence))
        self.send(thief, disputes.answer(moved, digest("answer")))
        self.context.client.advance_time(7 * DAY + 1)
        for dispute in (moved, revoked, moot):
            self.as_timelock(disputes.decide(dispute, True))
        self.send(thief, disputes.appeal(moved, digest("appeal")))
        self.as_timelock(disputes.decideAppeal(moved, True))
        self.send("relayer", disputes.execute(moved))
        self.context.client.advance_time(7 * DAY + 1)
        self.send("relayer", disputes.execute(revoked))
        self.send("relayer", disputes.execute(moot))
        self.context.client.advance_time(30 * DAY)
        self.send("relayer", disputes.lapse(open_))
        self.send("relayer", disputes.claimBond(self.address(author)))

    def rounds(self) -> None:
        """One round rejected by one of two challenges, one finalised after a challenge was turned down, one whose
        challenge nobody answered; stake is claimed, in both parts."""
        rounds = self.contracts.rounds.functions
        bond = 100_000_000
        self.give_money("proposer", 3 * bond, "TrainingRounds")
        self.give_money("challenger", 4 * bond, "TrainingRounds")
        rejected, _ = self._challenged_round(upheld=True, beside=True)
        self.send("relayer", rounds.closeChallenge(rejected, 1))
        round_id, tree = self._challenged_round(upheld=False)
        self.context.client.advance_time(4 * DAY)
        self.send("relayer", rounds.finalise(round_id))
        for part, claimed in enumerate((tree, self._learning_tree(round_id))):
            accounts = [leaf.account for leaf in claimed.leaves]
            amounts = [leaf.amount for leaf in claimed.leaves]
            proofs = [claimed.proof(i) for i in range(len(accounts))]
            self.send("relayer", rounds.claimMany(round_id, part, accounts, amounts, proofs))
        self.send("relayer", rounds.claimBond(self.address("proposer")))
        unanswered, _ = self._challenged_round(upheld=None)
        self.context.client.advance_time(30 * DAY + 1)
        self.send("relayer", rounds.lapse(unanswered, 1))
        stake = self.contracts.stake.functions
        self.send("artist:Béla", stake.transfer(self.address("buyer:9"), 10**18))
        self.send("artist:Béla", stake.delegate(self.address("artist:Ada")))

    def _learning_tree(self, round_id: int) -> StandardTree:
        return StandardTree(round_id, [Leaf(self.address("trainer"), LEARNING_STAKE)])

    def _challenged_round(self, upheld: bool | None, beside: bool = False) -> tuple[int, StandardTree]:
        """With `beside`, another challenge was filed first and is left open."""
        rounds = self.contracts.rounds.functions
        round_id = rounds.nextRoundId().call()
        tree = StandardTree(
            round_id, [Leaf(self.address(who), amount) for who, amount in ROUND_STAKE.items()]
        )
        proposal = (
            digest("model"),
            digest("dataset"),
            digest("report"),
            tree.root,
            self._learning_tree(round_id).root,
            digest("settings"),
            2**64 - 1,
        )
        self.send("proposer", rounds.propose(round_id, proposal))
        leaf = tree.leaves[0]
        for _ in range(1 + beside):
            self.send("challenger", rounds.challenge(round_id, leaf.account, leaf.amount, digest("evidence")))
        if upheld is not None:
            self.as_timelock(rounds.resolve(round_id, 1 + beside, upheld))
        return round_id, tree

    def sales(self) -> None:
        """Orders: one fulfilled with credits and tipped, one refunded, one delivered in two parts, one
        delivered in part and refunded, one left open; then everybody claims. One delivery becomes a token."""
        market = self.contracts.market.functions
        self.give_money("buyer:1", 20_000_000, "GenerationMarket")
        names = ("fulfilled", "refunded", "open", "in parts", "half")
        orders = {name: self._request(name, salt) for salt, name in enumerate(names)}
        ada, bela = self.address("artist:Ada"), self.address("artist:Béla")
        delivery, credits = self._delivery("fulfilled", 2, (ada, 300_000), (bela, 50_000))
        self.send("operator", market.fulfil(delivery, credits))
        # One call, with a credit of each delivery: both parts of one order and the first of another.
        parts = [self._delivery("in parts", 1, (ada, 7)), self._delivery("half", 1),
                 self._delivery("in parts", 1, (bela, 11))]
        credits = [credit for _, theirs in parts for credit in theirs]
        self.send("operator", market.fulfilMany([part for part, _ in parts], credits))
        self.send("buyer:1", market.tip(delivery[0], [(ada, 500), (bela, 600)]))
        self.send("buyer:1", market.contribute(70, 20, 10, 3))
        token = self.contracts.generation_token.functions
        self.send("buyer:1", token.mint(orders["fulfilled"], [delivery[2]], 0))
        self.token_id = token.tokenIdOf(delivery[0], 0).call()
        holder, friend = self.address("buyer:1"), self.address("buyer:9")
        self.send("buyer:1", token.transferFrom(holder, friend, self.token_id))
        self.context.client.advance_time(2 * DAY)
        for name in ("refunded", "half"):
            self.send("relayer", market.refund(orders[name]))
        # The pool streams this period's revenue over the next one: both must pass before it is all claimable.
        self.context.client.advance_time(15 * DAY)
        holders = [self.address(who) for who in ("artist:Ada", "artist:Béla", "buyer:9", "trainer")]
        self.send("relayer", self.contracts.pool.functions.claimMany(holders))
        self.send("relayer", market.claimMany([self.address("artist:Ada"), self.address("platform")]))

    def _delivery(self, name: str, quantity: int, *credits: tuple[str, int]) -> tuple[Any, Any]:
        """What fulfil is called with."""
        output = (quantity, digest("output"), digest("output file"), digest("attribution"))
        return (bytes.fromhex(self.orders[name][2:]), len(credits), output), list(credits)

    def prepaid(self) -> None:
        """A buyer prepays, pays two orders by a voucher and takes back a part; the artists claim."""
        prepaid, client = self.contracts.prepaid, self.context.client
        buyer, ada = self.address("buyer:1"), self.address("artist:Ada")
        self.give_money("buyer:1", 5_000_000, "PrepaidSales")
        self.send("buyer:1", prepaid.functions.deposit(buyer, 5_000_000))
        self.send("buyer:1", prepaid.functions.announceWithdrawal(1_000_000))
        spent = prepaid.functions.balanceOf(buyer).call()[1]
        version = self.contracts.rules.functions.currentVersion().call()
        orders = [
            Order(buyer, 10**6, 1, "0x" + digest("a cat").hex(), "0x" + digest("model").hex(), version,
                  client.now() + DAY, salt)
            for salt in range(2)
        ]
        ids = [vouchers.order_id_of(order, client.chain_id, prepaid.address) for order in orders]
        root = vouchers.orders_root(ids)
        voucher = Voucher(buyer, spent, spent + 2 * 10**6, version, root, client.now() + DAY)
        account = self.context.wallets.account("buyer:1")
        signed = vouchers.sign(account, voucher, orders, client.chain_id, prepaid.address)
        assert vouchers.voucher_digest(voucher, client.chain_id, prepaid.address) == "0x" + (
            prepaid.functions.voucherDigest(version, signed.to_chain()).call().hex())
        period = prepaid.functions.currentPeriod().call()
        credits = {ada: 700_000}
        tree = artists_tree(period, credits)
        digests = (digest("receipts"), digest("receipts file"))
        settlement = (version, period, *digests, 700_000, tree.root, digest("artists"))
        self.send("operator", prepaid.functions.settle(settlement, [signed.to_chain()]))
        self.send("relayer", prepaid.functions.claim(period, ada, 700_000, tree.proof(0)))
        client.advance_time(DAY + 1)
        self.send("relayer", prepaid.functions.withdraw(buyer))

    def _request(self, name: str, salt: int) -> tuple[Any, ...]:
        market, client = self.contracts.market.functions, self.context.client
        version = self.contracts.rules.functions.currentVersion().call()
        window = 6 * DAY if name == "open" else DAY
        salt += int.from_bytes(digest(self.name), "big") & ~0xFF
        order = (
            self.address("buyer:1"),
            5_000_000,
            2,
            digest("a cat"),
            digest("model"),
            version,
            client.now() + window,
            salt,
        )
        self.orders[name] = "0x" + market.orderId(order).call().hex()
        self.send("buyer:1", market.request(order))
        return order

    def vote(self) -> None:
        """New rules and a resolution, each by proposal, vote, queue and execution; another proposal is
        cancelled."""
        contracts, client = self.contracts, self.context.client
        governor = contracts.governor.functions
        rules = list(contracts.rules.functions.current().call())
        rules[0], rules[1] = rules[0] + 500, rules[1] - 500
        description, words = f"{self.name}: more for artists", f"{self.name}: a text"
        adopt = contracts.charter.functions.adopt(digest(f"{self.name} text"), digest(words))
        proposals = {
            description: _one_call(contracts.rules, contracts.rules.functions.adopt(tuple(rules))),
            words: _one_call(contracts.charter, adopt),
        }
        for text, proposal in proposals.items():
            self.send("artist:Ada", governor.propose(*proposal, text))
        self.send("artist:Ada", governor.propose(*proposals[description], "a mistake"))
        mistake = governor.hashProposal(*proposals[description], digest("a mistake")).call()
        self.send("artist:Ada", governor.cancel(*proposals[description], digest("a mistake")))
        ids = [governor.hashProposal(*call, digest(text)).call() for text, call in proposals.items()]
        self.proposals = {"executed": ids[0], "text": ids[1], "canceled": mistake}
        client.advance_time(DAY + 1)
        for identifier in ids:
            self.send("artist:Ada", governor.castVoteWithReason(identifier, 1, "fair"))
        client.advance_time(6 * DAY)
        for text, proposal in proposals.items():
            self.send("relayer", governor.queue(*proposal, digest(text)))
        client.advance_time(2 * DAY + 1)
        for text, proposal in proposals.items():
            self.send("relayer", governor.execute(*proposal, digest(text)))
        self.send("buyer:9", contracts.stake.functions.delegate(self.address("buyer:9")))

    def tell(self) -> Story:
        self.works()
        self.disputes()
        self.rounds()
        self.sales()
        self.prepaid()
        self.vote()
        return self


def _one_call(contract: Any, call: Any) -> tuple[list[str], list[int], list[str]]:
    """Targets, values and calls of a proposal that does one thing."""
    return [contract.address], [0], [call._encode_transaction_data()]
