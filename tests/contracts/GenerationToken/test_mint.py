"""mint: one token for each output of a delivered order, to its buyer, when the buyer wants it.

mint
├── caller is not the order's buyer → NotBuyer
├── order not delivered: unknown, waiting, refunded → NotDelivered
├── outputs not exactly those delivered → NotDelivered
├── no such output → NoSuchOutput
├── minted before, whoever holds it now → ERC721InvalidSender
└── minted to the buyer
    ├── any one of several outputs, each once
    ├── a part of an order that waits, or was refunded for the rest
    └── a contract wallet, whether it knows ERC-721 or not
"""

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import mine_at
from tests.contracts.orders import PRICE, Output, delivered, delivery, order, order_id, requested, sold
from tests.contracts.reverts import reverts

NOBODY = "0x" + "00" * 20


def output(n, quantity=1):
    return Output(quantity, *(bytes([16 * kind + n]) * 32 for kind in (1, 2, 3)))


def token_id(system, an_order, index):
    identifier = bytes.fromhex(order_id(system.market, an_order)[2:])
    return int.from_bytes(keccak(encode(["bytes32", "uint256"], [identifier, index])), "big")


def parts(system, who, *quantities, of=None):
    an_order = requested(system, who.buyer, quantity=of or sum(quantities))
    outputs = [output(n, quantity) for n, quantity in enumerate(quantities)]
    for each in outputs:
        delivered(system, who, an_order, **each._asdict())
    return an_order, outputs


def test_to_the_buyer(system, who):
    an_order = sold(system, who)
    tx = system.generation_token.mint(an_order, [Output()], 0, {"from": who.buyer})
    identifier = token_id(system, an_order, 0)
    assert tx.return_value == identifier
    assert system.generation_token.tokenIdOf(order_id(system.market, an_order), 0) == identifier
    assert system.generation_token.ownerOf(identifier) == who.buyer
    event = tx.events["GenerationMinted"]
    assert (event["tokenId"], str(event["orderId"]), event["buyer"], event["index"]) == (
        identifier, order_id(system.market, an_order), who.buyer, 0)
    source = [str(value) for value in system.generation_token.sources(identifier)]
    assert source == [order_id(system.market, an_order), *("0x" + v.hex() for v in Output()[1:])]


@pytest.mark.parametrize("caller", ["other", "operator", "artist"])
def test_only_the_buyer(system, who, caller):
    an_order = sold(system, who)
    with reverts("NotBuyer", getattr(who, caller), who.buyer):
        system.generation_token.mint(an_order, [Output()], 0, {"from": getattr(who, caller)})
    theirs = an_order._replace(buyer=getattr(who, caller).address)  # an order that nobody delivered
    with reverts("NotDelivered", order_id(system.market, theirs)):
        system.generation_token.mint(theirs, [Output()], 0, {"from": getattr(who, caller)})


def test_once(system, who):
    an_order = sold(system, who)
    identifier = system.generation_token.mint(an_order, [Output()], 0, {"from": who.buyer}).return_value
    with reverts("ERC721InvalidSender", NOBODY):
        system.generation_token.mint(an_order, [Output()], 0, {"from": who.buyer})
    system.generation_token.transferFrom(who.buyer, who.other, identifier, {"from": who.buyer})
    with reverts("ERC721InvalidSender", NOBODY):
        system.generation_token.mint(an_order, [Output()], 0, {"from": who.buyer})
    assert system.generation_token.ownerOf(identifier) == who.other


def test_not_delivered(system, who):
    waiting, refunded = (requested(system, who.buyer, salt=i) for i in (1, 2))
    mine_at(refunded.deadline + 1)
    system.market.refund(refunded, {"from": who.other})
    for an_order in (order(who.buyer, salt=9), waiting, refunded):
        for outputs in ([Output()], []):
            with reverts("NotDelivered", order_id(system.market, an_order)):
                system.generation_token.mint(an_order, outputs, 0, {"from": who.buyer})


def test_any_of_several_outputs(system, who):
    an_order, outputs = parts(system, who, 2, 1, 3)
    for index in (2, 0, 1):
        identifier = system.generation_token.mint(an_order, outputs, index, {"from": who.buyer}).return_value
        assert identifier == token_id(system, an_order, index)
        digests = [str(v) for v in system.generation_token.sources(identifier)][1:]
        assert digests == ["0x" + v.hex() for v in outputs[index][1:]]
    assert system.generation_token.balanceOf(who.buyer) == 3
    for index in (3, 2**256 - 1):
        with reverts("NoSuchOutput", index, 3):
            system.generation_token.mint(an_order, outputs, index, {"from": who.buyer})


def test_other_outputs_than_those_delivered(system, who):
    an_order, outputs = parts(system, who, 2, 1)
    forged = [outputs[:1], outputs[1:], outputs[::-1], [*outputs, outputs[0]],
              [outputs[0]._replace(outputDigest=b"\x77" * 32), outputs[1]]]
    for wrong in forged:
        with reverts("NotDelivered", order_id(system.market, an_order)):
            system.generation_token.mint(an_order, wrong, 0, {"from": who.buyer})


def test_parts_of_an_order_that_waits_then_is_refunded(system, who):
    an_order, outputs = parts(system, who, 1, 1, of=4)
    first = system.generation_token.mint(an_order, outputs, 0, {"from": who.buyer}).return_value
    late = output(7)
    delivered(system, who, an_order, **late._asdict())
    with reverts("NotDelivered", order_id(system.market, an_order)):
        system.generation_token.mint(an_order, outputs, 1, {"from": who.buyer})
    outputs = [*outputs, late]
    with reverts("ERC721InvalidSender", NOBODY):  # the same output, however many came after it
        system.generation_token.mint(an_order, outputs, 0, {"from": who.buyer})
    mine_at(an_order.deadline + 1)
    system.market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == PRICE
    system.generation_token.mint(an_order, outputs, 2, {"from": who.buyer})
    assert system.generation_token.ownerOf(first) == who.buyer
    assert system.generation_token.balanceOf(who.buyer) == 2


def test_contract_wallet(system, who):
    """Asked for by itself, it can send it on; a wallet that knows no ERC-721 is not refused."""
    wallet = who.deployer.deploy(system.project.WalletMock, who.artist)
    an_order = order(wallet)
    system.token.mint(wallet, PRICE, {"from": who.other})
    for target, data in [(system.token, system.token.approve.encode_input(system.market, PRICE)),
                         (system.market, system.market.request.encode_input(an_order))]:
        wallet.execute(target, data, {"from": who.artist})
    system.market.fulfil(*delivery(order_id(system.market, an_order)), {"from": who.operator})
    mint = system.generation_token.mint.encode_input(an_order, [Output()], 0)
    wallet.execute(system.generation_token, mint, {"from": who.artist})
    assert system.generation_token.ownerOf(token_id(system, an_order, 0)) == wallet
