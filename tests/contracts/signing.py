"""What wallets sign, computed with eth_account alone: the contracts' hashes are checked by other code."""

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

MNEMONIC = "test test test test test test test test test test test junk"
ORDER = [("buyer", "address"), ("maxPrice", "uint256"), ("quantity", "uint32"), ("promptHash", "bytes32"),
         ("modelDigest", "bytes32"), ("rulesVersion", "uint32"), ("deadline", "uint64"), ("salt", "uint256")]
WORK = [("contentHash", "bytes32"), ("ipfsDigest", "bytes32"), ("metadataDigest", "bytes32"),
        ("consent", "uint8")]
TYPES: dict[str, list[tuple[str, str]]] = {
    "Order": ORDER,
    "Work": WORK,
    "RegisterWorks": [("artist", "address"), ("works", "Work[]"), ("nonce", "uint256"),
                      ("deadline", "uint256")],
    "SetConsent": [("artist", "address"), ("contentHashes", "bytes32[]"), ("consent", "uint8"),
                   ("nonce", "uint256"), ("deadline", "uint256")],
    "SetMetadata": [("artist", "address"), ("contentHashes", "bytes32[]"), ("metadataDigests", "bytes32[]"),
                    ("nonce", "uint256"), ("deadline", "uint256")],
    "SetPayee": [("artist", "address"), ("payee", "address"), ("nonce", "uint256"), ("deadline", "uint256")],
    "SetCollectionConsent": [("artist", "address"), ("collectionId", "uint256"), ("consent", "uint8"),
                             ("nonce", "uint256"), ("deadline", "uint256")],
    "RegisterCollection": [("artist", "address"), ("root", "bytes32"), ("count", "uint32"),
                           ("metadataDigest", "bytes32"), ("consent", "uint8"), ("nonce", "uint256"),
                           ("deadline", "uint256")],
    "Permit": [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256"),
               ("deadline", "uint256")],
    "ReceiveWithAuthorization": [("from", "address"), ("to", "address"), ("value", "uint256"),
                                 ("validAfter", "uint256"), ("validBefore", "uint256"), ("nonce", "bytes32")],
    "Voucher": [("buyer", "address"), ("from", "uint128"), ("to", "uint128"), ("rulesVersion", "uint32"),
                ("ordersRoot", "bytes32"), ("deadline", "uint64")],
    "Delegation": [("delegatee", "address"), ("nonce", "uint256"), ("expiry", "uint256")],
    "Ballot": [("proposalId", "uint256"), ("support", "uint8"), ("voter", "address"), ("nonce", "uint256")],
}
NAMES = {"GenerationMarket": "MeltingPot GenerationMarket", "PrepaidSales": "MeltingPot PrepaidSales",
         "ArtworkRegistry": "MeltingPot ArtworkRegistry",
         "SettlementTokenMock": "Development USD", "HostileTokenMock": "Development USD",
         "StakeToken": "Melting Pot Stake", "MeltingPotGovernor": "MeltingPot Governor"}
_keys: dict[str, LocalAccount] = {}


def key_of(address: Any) -> LocalAccount:
    """The key of one of the first 20 accounts of the mnemonic."""
    if not _keys:
        Account.enable_unaudited_hdwallet_features()
        for i in range(20):
            account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{i}")
            _keys[account.address] = account
    return _keys[str(getattr(address, "address", address))]


def typed(contract: Any, kind: str, message: dict[str, Any], chain_id: int = 31337) -> Any:
    """The EIP-712 message of `kind` in the domain of a contract."""
    used = [kind, "Work"] if any("Work[]" in t for _, t in TYPES[kind]) else [kind]
    types = {name: [{"name": n, "type": t} for n, t in TYPES[name]] for name in used}
    domain = {"name": NAMES[contract._name], "version": "1", "chainId": chain_id,
              "verifyingContract": contract.address}
    return encode_typed_data(domain, types, message)


def digest(message: Any) -> str:
    """The EIP-712 digest, 0x-hex."""
    return "0x" + keccak(b"\x19\x01" + message.header + message.body).hex()


def sign(signer: Any, contract: Any, kind: str, message: dict[str, Any], chain_id: int = 31337) -> Any:
    """The signature, with .signature and .v .r .s (r and s as 32 bytes)."""
    return key_of(signer).sign_message(typed(contract, kind, message, chain_id))


def vrs(signed: Any) -> tuple[int, bytes, bytes]:
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def with_code(account: Any) -> None:
    """Gives an account with a key code that answers nothing, as EIP-7702 may."""
    from brownie import web3

    answer = web3.provider.make_request("anvil_setCode", [str(account), "0x5f5ffd"])
    assert "error" not in answer
