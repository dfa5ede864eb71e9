"""requestWithAuthorization: pay by one ERC-3009 signature, whose nonce is the order id.

requestWithAuthorization
├── signature's nonce is another order's id, or its value is not the price → the token reverts
├── authorisation was used or cancelled → the token reverts
├── sent to the token directly by anybody → the token reverts: only the market may use it
└── signature over (buyer, market, price, order id) → Requested, whoever sends it
"""

from tests.contracts.clock import DAY, now
from tests.contracts.orders import PRICE, order, order_id, totals
from tests.contracts.reverts import reverts
from tests.contracts.signing import sign, vrs


def authorization(system, buyer, nonce, value=PRICE, chain_id=31337):
    after, before = 0, now() + DAY
    message = {"from": str(buyer), "to": system.market.address, "value": value, "validAfter": after,
               "validBefore": before, "nonce": nonce}
    return after, before, *vrs(sign(buyer, system.token, "ReceiveWithAuthorization", message, chain_id))


def test_one_signature_binds_money_and_job(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    identifier = order_id(system.market, an_order)
    signed = authorization(system, who.buyer, identifier)
    system.market.requestWithAuthorization(an_order, *signed, {"from": who.relayer})
    assert system.market.stateOf(identifier) == 1
    assert system.token.authorizationState(who.buyer, identifier)
    assert totals(system, an_order)["escrowed"] == PRICE


def test_does_not_pay_for_another_order(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    signed = authorization(system, who.buyer, order_id(system.market, order(who.buyer)))
    with reverts("ERC3009InvalidSignature"):
        system.market.requestWithAuthorization(order(who.buyer, promptHash=b"\x99" * 32), *signed,
                                               {"from": who.relayer})


def test_wrong_value_or_chain(system, who):
    system.token.mint(who.buyer, 2 * PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    identifier = order_id(system.market, an_order)
    for changes in ({"value": 2 * PRICE}, {"chain_id": 1}):
        signed = authorization(system, who.buyer, identifier, **changes)
        with reverts("ERC3009InvalidSignature"):
            system.market.requestWithAuthorization(an_order, *signed, {"from": who.relayer})


def test_replay(system, who):
    system.token.mint(who.buyer, 2 * PRICE, {"from": who.buyer})
    an_order = order(who.buyer)
    identifier = order_id(system.market, an_order)
    signed = authorization(system, who.buyer, identifier)
    system.market.requestWithAuthorization(an_order, *signed, {"from": who.relayer})
    with reverts("WrongState", identifier, 1, 0):
        system.market.requestWithAuthorization(an_order, *signed, {"from": who.relayer})


def test_nobody_else_can_use_the_signature(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    identifier = order_id(system.market, order(who.buyer))
    signed = authorization(system, who.buyer, identifier)
    arguments = (who.buyer, system.market, PRICE, *signed[:2], identifier, *signed[2:], {"from": who.other})
    with reverts("ERC20InvalidReceiver", system.market):
        system.token.receiveWithAuthorization(*arguments)
    with reverts("ERC3009InvalidSignature"):
        system.token.transferWithAuthorization(*arguments)
