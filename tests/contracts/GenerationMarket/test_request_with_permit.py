"""requestWithPermit: pay by an ERC-2612 permit, sent by anybody.

requestWithPermit
├── caller is not the buyer
│   ├── order signature by somebody else, over another order or chain, or empty → BadOrderSignature
│   └── buyer's signature (ECDSA or EIP-1271) → Requested
├── caller is the buyer → no order signature needed
├── permit was front-run → its allowance is there, Requested
└── permit is invalid and there is no allowance → the token reverts
"""

from tests.contracts.clock import DAY, now
from tests.contracts.orders import PRICE, order, order_id, totals
from tests.contracts.reverts import reverts
from tests.contracts.signing import key_of, sign, vrs, with_code


def permit(system, owner, value=PRICE):
    deadline = now() + DAY
    message = {"owner": str(owner), "spender": system.market.address, "value": value,
               "nonce": system.token.nonces(owner), "deadline": deadline}
    return deadline, *vrs(sign(owner, system.token, "Permit", message))


def order_signature(system, signer, an_order, chain_id=31337):
    return sign(signer, system.market, "Order", an_order._asdict(), chain_id).signature


def test_relayed(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    signature = order_signature(system, who.buyer, an_order)
    system.market.requestWithPermit(an_order, *permit(system, who.buyer), signature, {"from": who.relayer})
    assert system.market.stateOf(order_id(system.market, an_order)) == 1
    assert totals(system, an_order)["escrowed"] == PRICE


def test_account_with_a_key_and_code(system, who):
    """As EIP-7702 makes them: the key still signs orders, and nobody else's does."""
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    an_order, allowed = order(who.buyer), permit(system, who.buyer)
    right, forged = (order_signature(system, by, an_order) for by in (who.buyer, who.other))
    with_code(who.buyer)
    with reverts("BadOrderSignature", order_id(system.market, an_order), who.buyer):
        system.market.requestWithPermit(an_order, *allowed, forged, {"from": who.relayer})
    system.market.requestWithPermit(an_order, *allowed, right, {"from": who.relayer})


def test_by_the_buyer_without_order_signature(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    system.market.requestWithPermit(an_order, *permit(system, who.buyer), b"", {"from": who.buyer})
    assert totals(system, an_order)["escrowed"] == PRICE


def test_signatures_that_do_not_bind_this_order(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    identifier = order_id(system.market, an_order)
    bad = [b"", order_signature(system, who.other, an_order),
           order_signature(system, who.buyer, an_order._replace(salt=2)),
           order_signature(system, who.buyer, an_order, chain_id=1)]
    signed = permit(system, who.buyer)
    for signature in bad:
        with reverts("BadOrderSignature", identifier, who.buyer):
            system.market.requestWithPermit(an_order, *signed, signature, {"from": who.relayer})


def test_front_run_permit_does_no_harm(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    deadline, v, r, s = permit(system, who.buyer)
    system.token.permit(who.buyer, system.market, PRICE, deadline, v, r, s, {"from": who.other})
    an_order = order(who.buyer)
    signature = order_signature(system, who.buyer, an_order)
    system.market.requestWithPermit(an_order, deadline, v, r, s, signature, {"from": who.relayer})
    assert totals(system, an_order)["escrowed"] == PRICE


def test_signed_order_cannot_be_paid_twice(system, who):
    system.token.mint(who.buyer, 2 * PRICE, {"from": who.buyer})
    system.token.approve(system.market, 2 * PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    signature, signed = order_signature(system, who.buyer, an_order), permit(system, who.buyer)
    system.market.requestWithPermit(an_order, *signed, signature, {"from": who.relayer})
    with reverts("WrongState", order_id(system.market, an_order), 1, 0):
        system.market.requestWithPermit(an_order, *signed, signature, {"from": who.relayer})


def test_invalid_permit_without_allowance(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    with reverts("ERC20InsufficientAllowance", system.market, 0, PRICE):
        system.market.requestWithPermit(
            order(who.buyer), *permit(system, who.buyer, PRICE + 1), b"", {"from": who.buyer})


def test_contract_wallet(system, who):
    wallet = who.deployer.deploy(system.project.WalletMock, who.buyer)
    an_order = order(wallet)
    signature = key_of(who.buyer).unsafe_sign_hash(order_id(system.market, an_order)).signature
    system.token.mint(wallet, PRICE, {"from": who.buyer})
    wallet.execute(system.token, system.token.approve.encode_input(system.market, PRICE), {"from": who.buyer})
    nothing = b"\0" * 32
    forged = key_of(who.other).unsafe_sign_hash(order_id(system.market, an_order)).signature
    with reverts("BadOrderSignature", order_id(system.market, an_order), wallet):
        system.market.requestWithPermit(an_order, 0, 27, nothing, nothing, forged, {"from": who.relayer})
    system.market.requestWithPermit(an_order, 0, 27, nothing, nothing, signature, {"from": who.relayer})
    assert totals(system, an_order)["escrowed"] == PRICE
