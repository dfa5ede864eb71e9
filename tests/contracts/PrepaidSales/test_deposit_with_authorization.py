"""depositWithAuthorization: a buyer's own money by one ERC-3009 signature, sent by anybody.

depositWithAuthorization
├── market is paused → NewDepositsPaused
├── signature by somebody else, for another receiver, amount, nonce or chain, or used → the token reverts
├── token delivers less → what arrived is credited
└── credited to the buyer who signed, whoever sends it
"""

import pytest

from tests.contracts.clock import DAY, now
from tests.contracts.prepaid import kept
from tests.contracts.reverts import reverts
from tests.contracts.signing import sign, vrs

NONCE = b"\x41" * 32


def authorization(system, buyer, signer=None, chain_id=31337, **changes):
    message = {"from": str(buyer), "to": system.prepaid.address, "value": 100, "validAfter": 0,
               "validBefore": now() + DAY, "nonce": NONCE, **changes}
    signature = vrs(sign(signer or buyer, system.token, "ReceiveWithAuthorization", message, chain_id))
    return buyer, 100, 0, message["validBefore"], NONCE, *signature


@pytest.fixture(autouse=True)
def money(system, who):
    system.token.mint(who.buyer, 1_000, {"from": who.buyer})


def test_credits_who_signed(system, who):
    tx = system.prepaid.depositWithAuthorization(*authorization(system, who.buyer), {"from": who.relayer})
    assert system.prepaid.balanceOf(who.buyer) == (100, 0)
    event = tx.events["Deposited"]
    assert (event["buyer"], event["payer"], event["amount"]) == (who.buyer, who.buyer, 100)
    assert kept(system, [who.buyer], []) == 100


def test_replay(system, who):
    signed = authorization(system, who.buyer)
    system.prepaid.depositWithAuthorization(*signed, {"from": who.relayer})
    with reverts("ERC3009UsedAuthorization", who.buyer, NONCE):
        system.prepaid.depositWithAuthorization(*signed, {"from": who.relayer})


def test_signature_for_something_else(system, who):
    for changes in ({"value": 200}, {"to": system.market.address}, {"nonce": b"\x42" * 32}, {"chain_id": 1},
                    {"signer": who.other}):
        with reverts("ERC3009InvalidSignature"):
            system.prepaid.depositWithAuthorization(*authorization(system, who.buyer, **changes),
                                                    {"from": who.relayer})


def test_for_somebody_elses_balance(system, who):
    """The balance is that of whoever the money comes from: a relayer cannot name itself."""
    signed = authorization(system, who.buyer)
    with reverts("ERC3009InvalidSignature"):
        system.prepaid.depositWithAuthorization(who.relayer, *signed[1:], {"from": who.relayer})


def test_stopped_with_the_market(system, who):
    system.market.pause({"from": who.guardian})
    with reverts("NewDepositsPaused"):
        system.prepaid.depositWithAuthorization(*authorization(system, who.buyer), {"from": who.relayer})


def test_fee_on_transfer_credits_what_came(hostile, who):
    hostile.token.mint(who.buyer, 100, {"from": who.buyer})
    hostile.token.setFee(100, {"from": who.other})
    hostile.prepaid.depositWithAuthorization(*authorization(hostile, who.buyer), {"from": who.relayer})
    assert hostile.prepaid.balanceOf(who.buyer)["amount"] == 99
