"""The development token behaves like USDC where the market and its clients depend on it."""

from eth_utils import keccak

from tests.contracts.clock import DAY, now
from tests.contracts.reverts import reverts
from tests.contracts.signing import TYPES, digest, sign, typed, vrs

NONCE = b"\x71" * 32
# https://eips.ethereum.org/EIPS/eip-3009 and USDC's FiatTokenV2
RECEIVE_TYPEHASH = "0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8"


def authorization(system, who, **changes):
    message = {"from": who.buyer.address, "to": who.other.address, "value": 5, "validAfter": 0,
               "validBefore": now() + DAY, "nonce": NONCE}
    return {**message, **changes}


def test_identity(system):
    assert (system.token.symbol(), system.token.decimals()) == ("dUSD", 6)
    fields = ",".join(f"{kind} {name}" for name, kind in TYPES["ReceiveWithAuthorization"])
    assert "0x" + keccak(text=f"ReceiveWithAuthorization({fields})").hex() == RECEIVE_TYPEHASH


def test_receive_with_authorization(system, who):
    system.token.mint(who.buyer, 5, {"from": who.buyer})
    message = authorization(system, who)
    signed = vrs(sign(who.buyer, system.token, "ReceiveWithAuthorization", message))
    arguments = [message[k] for k in ("from", "to", "value", "validAfter", "validBefore", "nonce")]
    system.token.receiveWithAuthorization(*arguments, *signed, {"from": who.other})
    assert system.token.balanceOf(who.other) == 5
    with reverts("ERC3009UsedAuthorization", who.buyer, NONCE):
        system.token.receiveWithAuthorization(*arguments, *signed, {"from": who.other})


def test_outside_its_time(system, who):
    message = authorization(system, who, validBefore=1)
    signed = vrs(sign(who.buyer, system.token, "ReceiveWithAuthorization", message))
    arguments = [message[k] for k in ("from", "to", "value", "validAfter", "validBefore", "nonce")]
    with reverts("ERC3009InvalidAuthorizationTime", 0, 1):
        system.token.receiveWithAuthorization(*arguments, *signed, {"from": who.other})


def test_domain(system, who):
    message = authorization(system, who)
    assert digest(typed(system.token, "ReceiveWithAuthorization", message)) != digest(
        typed(system.token, "ReceiveWithAuthorization", message, chain_id=1))
    fields = system.token.eip712Domain()
    assert (fields[1], fields[2], fields[3]) == ("Development USD", "1", 31337)
