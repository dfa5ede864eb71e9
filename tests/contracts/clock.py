"""The chain's time, to the second."""

import brownie

DAY = 86_400
WEEK = 7 * DAY


def now() -> int:
    """Timestamp of the latest block."""
    return brownie.web3.eth.get_block("latest")["timestamp"]


def next_at(timestamp: int) -> None:
    """The next block, and so the next transaction, has exactly this timestamp."""
    answer = brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])
    assert "error" not in answer, answer


def mine_at(timestamp: int) -> None:
    """Mine an empty block at this time, so that views see it."""
    next_at(timestamp)
    brownie.web3.provider.make_request("evm_mine", [])


def forward(seconds: int) -> None:
    mine_at(now() + seconds)
