// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title A splitter that two artists hold their stake through, as is common outside: it knows nothing of the
/// pool, cannot call it, and divides what reaches it
contract RevenueSplitterMock {
    using SafeERC20 for IERC20;

    IERC20 public immutable token;
    address public immutable first;
    address public immutable second;
    /// @notice Part of the first, of 10,000; the second gets the rest.
    uint256 public immutable firstBps;

    constructor(IERC20 token_, address first_, address second_, uint256 firstBps_) {
        (token, first, second, firstBps) = (token_, first_, second_, firstBps_);
    }

    /// @notice Pays both their parts of all that is here. Anyone.
    function release() external {
        uint256 balance = token.balanceOf(address(this));
        uint256 part = balance * firstBps / 10_000;
        token.safeTransfer(first, part);
        token.safeTransfer(second, balance - part);
    }
}
