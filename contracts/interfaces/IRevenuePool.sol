// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the market and the stake token call in the revenue pool
interface IRevenuePool {
    /// @notice Records that the market holds `amount` more of the settlement token for the holders. Market
    /// only.
    function notify(uint256 amount) external;

    /// @notice All that was ever notified.
    function deposited() external view returns (uint256);

    /// @notice Settles both sides of a stake movement at their present balances. Stake token only, before
    /// balances move.
    function settle(address from, address to) external;
}
