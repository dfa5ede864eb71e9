"""Attacks that succeed against a naive version and fail against ours: so we know that the tests attack.

just-in-time stake          NaivePoolMock divides each deposit at once → ours streams: the time held, no more
signature for another job   NaiveOrdersMock: any nonce                 → ours: the nonce is the order's id
paid twice by calling back  NaiveLedgerMock pays, then takes note      → ours: effects first, and a guard
fee on transfer             NaiveLedgerMock believes the amount        → ours: what came in, or nothing
one refused holds up all    NaiveLedgerMock pays in turn               → ours leaves it out
inner node as a leaf        NaiveLedgerMock hashes leaves once         → ours hash them twice
"""

import brownie
import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, WEEK, mine_at, next_at, now
from tests.contracts.merkle import Tree
from tests.contracts.orders import PRICE, order, order_id, pay, sold
from tests.contracts.pool import deposit, giver
from tests.contracts.prepaid import charge, leaf, prepay, settlement
from tests.contracts.reverts import reverts
from tests.contracts.signing import sign, vrs
from tests.contracts.stake import TOKEN, mint

SALE = 604_800_000


@pytest.fixture
def ledger(hostile, who):
    return who.deployer.deploy(hostile.project.NaiveLedgerMock, hostile.token)


def skim(system, who):
    """Somebody borrows 60 % of the stake a moment before a large sale and gives it back a moment after."""
    mint(system, who, [(who.artist, 60 * TOKEN), (who.artist2, 40 * TOKEN)])
    giver(system)
    before = now() + DAY
    next_at(before)
    system.stake.transfer(who.other, 60 * TOKEN, {"from": who.artist})
    deposit(system, SALE, at=before + 5)
    next_at(before + 10)
    system.stake.transfer(who.artist, 60 * TOKEN, {"from": who.other})
    mine_at(before + 9 * WEEK)
    system.pool.claim(who.other, {"from": who.other})
    return system.token.balanceOf(who.other)


def test_just_in_time_stake(system, naive_pool, who):
    assert skim(naive_pool, who) == SALE * 6 // 10 - 1
    assert skim(system, who) == 0


def test_just_in_time_stake_over_a_weekend(system, naive_pool, who):
    """Held for an hour of the week that streams the sale, it earns an hour's part of 60 %."""

    def hold_for_an_hour(each):
        mint(each, who, [(who.artist, 60 * TOKEN), (who.artist2, 40 * TOKEN)])
        giver(each)
        start = now() + DAY
        deposit(each, SALE, at=start)
        next_at(start + WEEK + DAY)
        each.stake.transfer(who.other, 60 * TOKEN, {"from": who.artist})
        deposit(each, SALE, at=start + WEEK + DAY + 60)
        next_at(start + WEEK + DAY + 3_600)
        each.stake.transfer(who.artist, 60 * TOKEN, {"from": who.other})
        mine_at(start + 9 * WEEK)
        each.pool.claim(who.other, {"from": who.other})
        return each.token.balanceOf(who.other)

    held = SALE * 6 // 10 * 3_600 // WEEK
    assert hold_for_an_hour(naive_pool) > 100 * held
    assert held - 1 <= hold_for_an_hour(system) <= held


def test_signature_spent_on_another_job(system, who):
    """The relayer keeps the buyer's signature and swaps the prompt."""
    naive = who.deployer.deploy(system.project.NaiveOrdersMock, system.token)
    system.token.mint(who.buyer, 2 * PRICE, {"from": who.buyer})
    theirs, mine = order(who.buyer), order(who.buyer, promptHash=b"\x99" * 32)

    def signed(to, nonce):
        message = {"from": str(who.buyer), "to": to.address, "value": PRICE, "validAfter": 0,
                   "validBefore": now() + DAY, "nonce": nonce}
        return 0, message["validBefore"], nonce, *vrs(
            sign(who.buyer, system.token, "ReceiveWithAuthorization", message))

    naive.requestWithAuthorization(who.buyer, mine.promptHash, PRICE, *signed(naive, b"\x07" * 32),
                                   {"from": who.relayer})
    assert str(naive.promptOf(who.buyer)) == "0x" + mine.promptHash.hex()
    after, before, _, *vrs_ = signed(system.market, order_id(system.market, theirs))
    with reverts("ERC3009InvalidSignature"):
        system.market.requestWithAuthorization(mine, after, before, *vrs_, {"from": who.relayer})


def test_paid_twice_by_calling_back(hostile, who, ledger):
    for account in (who.artist, who.buyer):
        pay(hostile, account, 100, ledger)
        ledger.deposit(account, 100, {"from": account})
    hostile.token.callDuringTransfer(ledger, ledger.claim.encode_input(who.artist), {"from": who.artist})
    ledger.claim(who.artist, {"from": who.artist})
    assert hostile.token.balanceOf(who.artist) == 200  # the buyer's as well

    sold(hostile, who, (who.artist, 100), (who.artist2, 100))
    again = hostile.market.claim.encode_input(who.artist)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.artist})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.claim(who.artist, {"from": who.artist})


def test_fee_on_transfer_leaves_the_last_unpaid(hostile, who, ledger):
    hostile.token.setFee(1_000, {"from": who.other})
    pay(hostile, who.buyer, 100, ledger)
    ledger.deposit(who.buyer, 100, {"from": who.buyer})
    assert ledger.owed(who.buyer) > hostile.token.balanceOf(ledger)
    with brownie.reverts():
        ledger.claim(who.buyer, {"from": who.buyer})

    prepay(hostile, who.buyer, 100)
    assert hostile.prepaid.balanceOf(who.buyer)["amount"] == 90 == hostile.token.balanceOf(hostile.prepaid)
    pay(hostile, who.buyer)
    with reverts("PaidTooLittle", PRICE * 9 // 10, PRICE):
        hostile.market.request(order(who.buyer), {"from": who.buyer})


def test_one_refused_holds_up_all(hostile, who, ledger):
    pay(hostile, who.buyer, 200, ledger)
    for account in (who.artist, who.artist2):
        ledger.deposit(account, 100, {"from": who.buyer})
    sold(hostile, who, (who.artist, 100), (who.artist2, 100))
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    with reverts("Blacklisted", who.artist):
        ledger.claimMany([who.artist, who.artist2], {"from": who.other})
    hostile.market.claimMany([who.artist, who.artist2], {"from": who.other})
    assert hostile.token.balanceOf(who.artist2) == 100


def test_inner_node_as_a_leaf(system, hostile, who, ledger):
    """Two nodes of the tree, read as a work and its amount: in the tree, though nobody ever put it there."""
    words = [keccak(encode(["bytes32", "uint256"], [bytes([i]) * 32, 5])) for i in range(1, 5)]
    tree = Tree(words)
    proof = tree.proof(words[0])
    left, right = sorted((words[0], proof[0]))
    assert ledger.isCredited(tree.root, left, int.from_bytes(right, "big"), proof[1:])

    period = system.prepaid.currentPeriod()
    real = Tree([leaf(period, f"0x{i:040x}", 100_000) for i in range(1, 5)])
    prepay(system, who.buyer)
    system.prepaid.settle(settlement(400_000, real.root), [charge(system, who.buyer, 0, PRICE)],
                          {"from": who.operator})
    first = leaf(period, f"0x{1:040x}", 100_000)
    left, right = sorted((first, real.proof(first)[0]))
    attempts = [(int.from_bytes(left, "big"), "0x" + right[-20:].hex(), 1),
                (period, "0x" + left[-20:].hex(), int.from_bytes(right, "big"))]
    for attempt in attempts:
        for path in (real.proof(first)[1:], real.proof(first), []):
            with reverts("NotCredited", *attempt):
                system.prepaid.claim(*attempt, path, {"from": who.other})
