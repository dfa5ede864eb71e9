// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the market and the stake token call in the revenue pool
interface IRevenuePool {
    /// @notice Takes `amount` of the settlement token from the market for the holders. Market only.
    function deposit(uint256 amount) external;

    /// @notice Settles both sides of a stake movement at their present balances. Stake token only, before
    /// balances move.
    function settle(address from, address to) external;
}
