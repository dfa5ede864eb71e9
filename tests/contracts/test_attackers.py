"""What an attacker tries, by the threat list of the design; each test says what they get at most.

operator key stolen     → the artists' share of open orders, and of the present week's prepaid credits what is not
                          claimed; nothing owed, nothing refundable, nothing of holders
guardian key stolen     → no new orders, until the timelock names another; no money
self-dealing orders     → one's own money less the platform's, network's and learning contributors' shares
signatures              → other contract: refused; malleated: refused (other chain, other order, used: beside each
                          function's tests)
dust                    → pushes no stream's end, slows no stream
proposal front-running  → a copy by somebody else is refused, so that nobody can cancel what another wrote
refusing tokens         → an order is delivered or refunded all the same; a bond holds up nobody else's
gas exhaustion          → the largest sale that any rules allow fits a block many times over

Against a naive version, where the same attack succeeds: test_naive_versions. Against vouchers and
settlements: PrepaidSales/.
Beside each function's tests: reentrancy, fee-on-transfer, rounding to zero, zero supply, just-in-time stake,
timestamp edges, malformed proofs.
"""

import brownie
from eth_utils import keccak

from tests.contracts.clock import DAY, WEEK, forward, mine_at, next_at, now
from tests.contracts.orders import (
    PRICE,
    Output,
    delivered,
    order,
    order_id,
    requested,
    sold,
    totals,
)
from tests.contracts.pool import assert_conserved, deposit
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed
from tests.contracts.signing import sign
from tests.contracts.stake import BOND, TOKEN, fund, mint, propose
from tests.contracts.works import as_message, signed, work

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
CEILING = PRICE * 4_000 // 10_000


def test_stolen_operator_key(system, who, timelock):
    thief = who.operator
    sold(system, who, (who.artist, 300_000))
    late = requested(system, who.buyer, salt=2, deadline=now() + 100)
    mine_at(late.deadline + 1)
    open_orders = [requested(system, who.buyer, salt=10 + i) for i in range(3)]
    with reverts("DeadlinePassed", late.deadline, now() + 1):
        next_at(now() + 1)
        delivered(system, who, late, (thief, 1))
    loot = [(order_id(system.market, o), 1, Output()) for o in open_orders]
    system.market.fulfilMany(loot, [(thief, CEILING)] * 3, {"from": thief})
    system.market.claimMany([thief, who.artist], {"from": thief})
    assert system.token.balanceOf(thief) == 3 * CEILING
    assert system.token.balanceOf(who.artist) == 300_000
    holders = totals(system, late)["holders"]
    assert holders == (PRICE * 75 // 100 - 300_000) + 3 * (PRICE * 75 // 100 - CEILING)

    system.market.revokeRole(system.market.OPERATOR_ROLE(), thief, {"from": timelock})
    safe = requested(system, who.buyer, salt=20)
    with brownie.reverts():
        delivered(system, who, safe, (thief, CEILING))
    mine_at(safe.deadline + 1)
    for undelivered in (late, safe):
        system.market.refund(undelivered, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == 2 * PRICE


def test_stolen_guardian_key(system, who, timelock):
    waiting, served = (requested(system, who.buyer, salt=i) for i in (1, 2))
    system.market.pause({"from": who.guardian})
    delivered(system, who, served, (who.artist, 7))
    system.market.claim(who.artist, {"from": who.other})
    mine_at(waiting.deadline + 1)
    system.market.refund(waiting, {"from": who.other})
    assert (system.token.balanceOf(who.artist), system.token.balanceOf(who.buyer)) == (7, PRICE)
    system.market.revokeRole(system.market.GUARDIAN_ROLE(), who.guardian, {"from": timelock})
    system.market.unpause({"from": timelock})
    with brownie.reverts():
        system.market.pause({"from": who.guardian})
    requested(system, who.buyer, salt=3)


def test_self_dealing_order(system, who):
    """Buyer, only artist and only holder in one: every order costs them what goes to the others."""
    dealer = who.artist
    mint(system, who, [(dealer, TOKEN)])
    mine = requested(system, dealer)
    delivered(system, who, mine, (dealer, CEILING))
    forward(3 * WEEK)
    system.market.claim(dealer, {"from": dealer})
    system.pool.claim(dealer, {"from": dealer})
    # The pool's last unit is a fraction short of whole, and carried.
    assert system.token.balanceOf(dealer) == PRICE * 75 // 100 - 1
    assert system.stake.balanceOf(dealer) == TOKEN


def test_signatures_for_another_contract(system, hostile, who):
    """The same code at another address, on the same chain, is another domain."""
    an_order = order(who.buyer)
    fund(system, who.buyer, PRICE, system.market)
    elsewhere = sign(who.buyer, hostile.market, "Order", an_order._asdict()).signature
    nothing = b"\0" * 32
    with reverts("BadOrderSignature", order_id(system.market, an_order), who.buyer):
        system.market.requestWithPermit(an_order, 0, 27, nothing, nothing, elsewhere, {"from": who.other})
    works = [work(1)]
    deadline, signature = signed(hostile, who.artist, "RegisterWorks", works=as_message(works))
    with reverts("BadSignature", who.artist):
        system.registry.registerFor(who.artist, works, deadline, signature, {"from": who.other})


def test_malleated_signatures(system, who):
    """(r, n − s, other parity) verifies in plain ECDSA as well; only one of the two may count."""

    def malleated(signature):
        s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
        return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])

    an_order, nothing = order(who.buyer), b"\0" * 32
    fund(system, who.buyer, PRICE, system.market)
    right = sign(who.buyer, system.market, "Order", an_order._asdict()).signature
    with reverts("BadOrderSignature", order_id(system.market, an_order), who.buyer):
        system.market.requestWithPermit(an_order, 0, 27, nothing, nothing, malleated(right), {"from": who.other})
    deadline, signature = signed(system, who.artist, "RegisterWorks", works=as_message([work(1)]))
    with reverts("BadSignature", who.artist):
        system.registry.registerFor(who.artist, [work(1)], deadline, malleated(signature), {"from": who.other})


def test_dust_deposits_push_no_stream_end(system, who):
    """Each sale could be tiny; a stream that began anew with each would never end."""
    mint(system, who, [(who.artist, TOKEN)])
    start = now() + 100
    deposit(system, 604_800_000, at=start)
    for day in range(1, 14):
        deposit(system, 1, at=start + day * DAY)
        state = system.pool.streamState().dict()
        assert (state["start"], state["length"]) == (start + WEEK * (day // 7), WEEK)
    mine_at(start + 2 * WEEK)
    assert 604_800_000 <= system.pool.claimable(who.artist) + 1 <= 604_800_007
    assert system.pool.pending() == 7  # those of the second week
    assert_conserved(system, [who.artist])


def test_proposal_front_run_to_be_cancelled(system, who):
    """Whoever is first to propose may cancel while it is pending: a description can name its proposer."""
    mint(system, who, [(who.artist, 50_000 * TOKEN), (who.other, 45_000 * TOKEN)])
    forward(1)
    naive = "Adopt the text"
    call = ([system.charter], [0], [system.charter.adopt.encode_input(b"\x61" * 32, keccak(text=naive))])
    system.governor.propose(*call, naive, {"from": who.other})
    system.governor.cancel(*call, keccak(text=naive), {"from": who.other})
    with brownie.reverts():  # the real author comes too late, and can never propose these words again
        system.governor.propose(*call, naive, {"from": who.artist})
    named = f"{naive}#proposer={who.artist.address}"
    with reverts("GovernorRestrictedProposer", who.other):
        system.governor.propose(*call, named, {"from": who.other})
    identifier = system.governor.propose(*call, named, {"from": who.artist}).return_value
    with reverts("GovernorUnableToCancel", identifier, who.other):
        system.governor.cancel(*call, keccak(text=named), {"from": who.other})


def test_blacklisted_market(hostile, who):
    """Sales need nothing of the token; whatever must be paid is owed until the token relents."""
    served, late = (requested(hostile, who.buyer, salt=i) for i in (1, 2))
    hostile.token.setBlacklisted(hostile.market, True, {"from": who.other})
    delivered(hostile, who, served, (who.artist, 7))
    mine_at(late.deadline + 1)
    hostile.market.refund(late, {"from": who.other})
    hostile.market.claimMany([who.artist, who.platform], {"from": who.other})
    assert hostile.market.owed(who.artist) == 7
    hostile.token.setBlacklisted(hostile.market, False, {"from": who.other})
    hostile.market.claimRefund(who.buyer, {"from": who.other})
    hostile.market.claim(who.artist, {"from": who.other})
    assert (hostile.token.balanceOf(who.buyer), hostile.token.balanceOf(who.artist)) == (PRICE, 7)
    assert totals(hostile, served, late)["escrowed"] == 0


def test_token_that_refuses_by_its_answer_only(hostile, who):
    """It moves nothing and reverts nothing: whoever looked at reverts alone would take the debt as paid."""
    mint(hostile, who, [(who.artist, TOKEN)])
    late = requested(hostile, who.buyer, salt=2)
    sold(hostile, who, (who.artist, 7))
    mine_at(late.deadline + 2 * WEEK)
    for account in (who.artist, who.buyer):
        hostile.token.setQuietlyRefused(account, True, {"from": who.other})
    earned = hostile.pool.claimable(who.artist)
    hostile.market.refund(late, {"from": who.other})
    hostile.market.claimMany([who.artist], {"from": who.other})
    hostile.pool.claimMany([who.artist], {"from": who.other})
    for call in (lambda: hostile.market.claim(who.artist, {"from": who.other}),
                 lambda: hostile.pool.claim(who.artist, {"from": who.other}),
                 lambda: hostile.market.claimRefund(who.buyer, {"from": who.other})):
        with reverts("SafeERC20FailedOperation", hostile.token):
            call()
    assert (hostile.market.owed(who.artist), hostile.pool.claimable(who.artist)) == (7, earned)
    assert hostile.market.refundOwed(who.buyer) == PRICE == totals(hostile, late)["refundsOwed"]
    assert_conserved(hostile, [who.artist])


def test_blacklisted_challenger(hostile, who):
    """Its bonds wait; the decision and everybody else's bonds do not."""
    timelock = brownie.accounts.at(hostile.timelock.address, force=True)
    first, _ = propose(hostile, who, [(who.artist, TOKEN)])
    propose(hostile, who, [(who.artist2, TOKEN)])
    fund(hostile, who.challenger, BOND, hostile.rounds)
    hostile.rounds.challenge(first, who.artist, TOKEN, b"\x66" * 32, {"from": who.challenger})
    hostile.token.setBlacklisted(who.challenger, True, {"from": who.other})
    hostile.rounds.resolve(first, 1, True, {"from": timelock})
    forward(4 * DAY)
    hostile.rounds.finalise(first + 1, {"from": who.other})
    with reverts("Blacklisted", who.challenger):
        hostile.rounds.claimBond(who.challenger, {"from": who.other})
    hostile.rounds.claimBond(who.proposer, {"from": who.other})
    assert hostile.token.balanceOf(who.proposer) == BOND
    assert hostile.rounds.bondOwed(who.challenger) == 2 * BOND == hostile.token.balanceOf(hostile.rounds)


def test_gas_kept_back_from_a_refund(system, who):
    """Too little gas for the transfer must not turn a refund into one that is owed: it fails as a whole."""
    an_order = requested(system, who.buyer)
    mine_at(an_order.deadline + 1)
    enough = system.market.refund.estimate_gas(an_order, {"from": who.other})
    for gas in range(30_000, enough, 2_000):
        try:
            tx = system.market.refund(an_order, {"from": who.other, "gas_limit": gas, "allow_revert": True})
        except brownie.exceptions.VirtualMachineError:
            continue
        assert "RefundDeferred" not in tx.events
        break
    assert system.market.refundOwed(who.buyer) == 0


def test_largest_sale_fits_a_block(system, who, timelock):
    system.rules.adopt(changed(maxCredits=64), {"from": timelock})
    forward(3 * DAY)
    an_order = requested(system, who.buyer, rulesVersion=2)
    artists = [f"0x{i:040x}" for i in range(0x1000, 0x1040)]
    tx = delivered(system, who, an_order, *[(a, 1) for a in artists])
    assert len(tx.events["ArtistCredited"]) == 64
    assert tx.gas_used < 3_000_000
