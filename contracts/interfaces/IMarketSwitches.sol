// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketLedger} from "./IMarketLedger.sol";

/// @title What prepaid sales ask the market
interface IMarketSwitches is IMarketLedger {
    /// @notice Whether `account` has the role (AccessControl).
    function hasRole(bytes32 role, address account) external view returns (bool);

    /// @notice Whether the guardian has stopped new orders.
    function paused() external view returns (bool);
}
