"""The charges of a settlement: what a buyer's signature pays for, and what it never does.

charge
├── after its deadline → VoucherExpired; in its last second → charged
├── begins above what is spent: an earlier voucher is missing → VoucherGap
├── ends at or below what is spent: settled before, or twice in one settlement → NothingToCharge
├── above the balance → BalanceTooLow
├── dust: not a whole number of generations → NotWholeGenerations
├── not the buyer's signature over exactly this, for this contract and chain → BadVoucher
└── charged from what is spent up to its end
    ├── begins below what is spent: only what is new is charged
    └── contract wallet: as its EIP-1271 says, at the time of the settlement
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.orders import PRICE
from tests.contracts.prepaid import charge, charged, kept, prepay, settled, settlement, voucher
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed
from tests.contracts.signing import digest, key_of, sign, typed, with_code

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture(autouse=True)
def balance(system, who):
    prepay(system, who.buyer)


def spent(system, who):
    return system.prepaid.balanceOf(who.buyer)["spent"]


def test_digest_is_what_a_wallet_signs(system, who):
    message = voucher(who.buyer, 3, 2**128 - 1, rulesVersion=2**32 - 1, deadline=2**64 - 1)
    said = system.prepaid.voucherDigest(2**32 - 1, charged(message, b""))
    assert str(said) == digest(typed(system.prepaid, "Voucher", message))


def test_one_after_the_other(system, who):
    for start, end in [(0, 1), (1, 3), (3, 10)]:
        settled(system, who, [charge(system, who.buyer, start * PRICE, end * PRICE)])
        assert system.prepaid.balanceOf(who.buyer) == ((10 - end) * PRICE, end * PRICE)
    assert kept(system, [who.buyer], []) == 0


def test_two_of_one_buyer_in_one_settlement(system, who):
    settled(system, who, [charge(system, who.buyer, 0, PRICE), charge(system, who.buyer, PRICE, 3 * PRICE)])
    assert spent(system, who) == 3 * PRICE


def test_replay(system, who):
    signed = charge(system, who.buyer, 0, PRICE)
    settled(system, who, [signed])
    with reverts("NothingToCharge", who.buyer):
        settled(system, who, [signed])
    settled(system, who, [charge(system, who.buyer, PRICE, 3 * PRICE)])
    with reverts("NothingToCharge", who.buyer):
        settled(system, who, [signed])
    assert spent(system, who) == 3 * PRICE


def test_twice_in_one_settlement(system, who):
    signed = charge(system, who.buyer, 0, PRICE)
    with reverts("NothingToCharge", who.buyer):
        settled(system, who, [signed, signed])
    assert spent(system, who) == 0


def test_replay_after_everything_was_withdrawn_and_prepaid_again(system, who):
    """`spent` never goes back, so no new balance revives an old voucher."""
    signed = charge(system, who.buyer, 0, 2 * PRICE, deadline=2**64 - 1)
    settled(system, who, [signed])
    system.prepaid.announceWithdrawal(8 * PRICE, {"from": who.buyer})
    next_at(now() + 86_500)
    system.prepaid.withdraw(who.buyer, {"from": who.buyer})
    prepay(system, who.buyer)
    with reverts("NothingToCharge", who.buyer):
        settled(system, who, [signed])


def test_empty_voucher(system, who):
    with reverts("NothingToCharge", who.buyer):
        settled(system, who, [charge(system, who.buyer, 0, 0)])
    with reverts("VoucherGap", who.buyer, 5, 0):  # upside down
        settled(system, who, [charge(system, who.buyer, 5, 3)])


def test_gap(system, who):
    """The second voucher does not pay for the first one's orders, whose price nobody settled."""
    with reverts("VoucherGap", who.buyer, PRICE, 0):
        settled(system, who, [charge(system, who.buyer, PRICE, 2 * PRICE)])
    with reverts("VoucherGap", who.buyer, PRICE, 0):  # in the wrong order
        both = [charge(system, who.buyer, start, start + PRICE) for start in (PRICE, 0)]
        settled(system, who, both)


def test_overlap_charges_only_what_is_new(system, who):
    settled(system, who, [charge(system, who.buyer, 0, 2 * PRICE)])
    tx = settled(system, who, [charge(system, who.buyer, 0, 5 * PRICE)])
    assert (tx.events["Charged"]["amount"], tx.events["Charged"]["spent"]) == (3 * PRICE, 5 * PRICE)


def test_deadline(system, who):
    last = now() + 100
    signed = charge(system, who.buyer, 0, PRICE, deadline=last)
    next_at(last + 1)
    with reverts("VoucherExpired", who.buyer, last, last + 1):
        settled(system, who, [signed])
    last = now() + 100
    signed = charge(system, who.buyer, 0, PRICE, deadline=last)
    next_at(last)
    settled(system, who, [signed])


def test_above_the_balance(system, who):
    with reverts("BalanceTooLow", who.buyer, 10 * PRICE, 11 * PRICE):
        settled(system, who, [charge(system, who.buyer, 0, 11 * PRICE)])
    with reverts("BalanceTooLow", who.other, 0, 2**128 - 1):
        settled(system, who, [charge(system, who.other, 0, 2**128 - 1)])


@pytest.mark.parametrize("dust", [1, PRICE - 1, PRICE + 1, 10 * PRICE - 1])
def test_not_whole_generations(system, who, dust):
    with reverts("NotWholeGenerations", who.buyer, dust, PRICE):
        settled(system, who, [charge(system, who.buyer, 0, dust)])


def test_dust_in_sum_of_two_buyers(system, who):
    """Two halves of a generation are no generation."""
    prepay(system, who.other)
    with reverts("NotWholeGenerations", who.buyer, PRICE // 2, PRICE):
        settled(system, who, [charge(system, b, 0, PRICE // 2) for b in (who.buyer, who.other)])


@pytest.mark.parametrize("field, value", [
    ("buyer", "0x" + "77" * 20), ("from", 1), ("to", 2 * PRICE), ("ordersRoot", b"\x77" * 32),
    ("deadline", 2**40), ("rulesVersion", 2),
])
def test_every_field_is_signed(system, who, field, value):
    message = voucher(who.buyer, 0, PRICE)
    signature = sign(who.buyer, system.prepaid, "Voucher", {**message, field: value}).signature
    with reverts("BadVoucher", who.buyer):
        settled(system, who, [charged(message, signature)])


def test_forged(system, hostile, who):
    """By somebody else, of another contract or chain, malleated, cut off, empty; of the other buyer."""
    deadline = now() + 1_000
    right = charge(system, who.buyer, 0, PRICE, deadline=deadline)
    r, s, v = right[-1][:32], int.from_bytes(right[-1][32:64], "big"), right[-1][64]
    signatures = [
        charge(system, who.buyer, 0, PRICE, signer=who.other, deadline=deadline)[-1],
        charge(system, who.buyer, 0, PRICE, contract=hostile.prepaid, deadline=deadline)[-1],
        charge(system, who.buyer, 0, PRICE, chain_id=1, deadline=deadline)[-1],
        r + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([55 - v]), right[-1][:64], b"", b"\0" * 65,
    ]
    for signature in signatures:
        with reverts("BadVoucher", who.buyer):
            settled(system, who, [(*right[:-1], signature)])
    prepay(system, who.other)
    with reverts("BadVoucher", who.other):
        settled(system, who, [(who.other, *right[1:])])
    settled(system, who, [right])


def test_nobodys_voucher(system, who):
    """The zero address has no balance, and a broken signature recovers to no address: not to this one."""
    nobody = "0x" + "00" * 20
    with reverts("BalanceTooLow", nobody, 0, PRICE):
        settled(system, who, [charged(voucher(nobody, 0, PRICE), b"\0" * 65)])


def test_account_with_a_key_and_code(system, who):
    prepay(system, who.buyer)
    signed = charge(system, who.buyer, 0, PRICE)
    with_code(who.buyer)
    settled(system, who, [signed])


def test_contract_wallet(system, who):
    wallet = who.deployer.deploy(system.project.WalletMock, who.artist)
    system.token.mint(who.other, PRICE, {"from": who.other})
    system.token.approve(system.prepaid, PRICE, {"from": who.other})
    system.prepaid.deposit(wallet, PRICE, {"from": who.other})
    message = voucher(wallet, 0, PRICE)
    identifier = digest(typed(system.prepaid, "Voucher", message))
    right, forged = (key_of(by).unsafe_sign_hash(identifier).signature for by in (who.artist, who.other))
    with reverts("BadVoucher", wallet):
        settled(system, who, [charged(message, forged)])
    settled(system, who, [charged(message, right)])
    assert system.prepaid.balanceOf(wallet) == (0, PRICE)


def test_rules_version_of_the_settlement_is_that_of_each_voucher(system, who, timelock):
    signed = charge(system, who.buyer, 0, 2 * PRICE, deadline=now() + 9 * DAY)
    system.rules.adopt(changed(platformBps=2_500, holdersBps=2_500), {"from": timelock})
    forward(3 * DAY)
    with reverts("BadVoucher", who.buyer):
        system.prepaid.settle(settlement(rulesVersion=2), [signed], {"from": who.operator})
