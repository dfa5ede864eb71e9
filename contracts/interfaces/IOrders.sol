// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGenerationMarket} from "./IGenerationMarket.sol";
import {IMarketLedger} from "./IMarketLedger.sol";

/// @title What the generation token asks the market
interface IOrders is IMarketLedger {
    /// @notice The order's id: its EIP-712 digest in the market's domain.
    function orderId(IGenerationMarket.Order calldata order) external view returns (bytes32);

    /// @notice Whether `outputs` are all deliveries of this order so far, in their order; false without any.
    function isDelivered(bytes32 id, IGenerationMarket.Output[] calldata outputs) external view returns (bool);
}
