// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGenerationMarket} from "../interfaces/IGenerationMarket.sol";

/// @title An order in one storage slot
/// @notice While it waits, the slot holds the terms that its buyer signed, so that no later change of the
/// rules can reach it and fulfilling reads nothing else. Once all is delivered it holds what was delivered.
library OrderWord {
    /// @dev Stands in the slot from the lowest bit on, in this order; the state also in a fulfilled order's.
    struct Terms {
        IGenerationMarket.State state;
        uint8 maxCredits;
        uint64 shares; // SaleSplit.pack
        uint32 quantity; // generations not delivered yet
        uint40 deadline; // Unix seconds
        uint96 unitPrice; // settlement token's smallest unit, of one generation
        bool parts; // whether some were delivered already
    }

    uint256 private constant QUANTITY_AT = 80;
    uint256 private constant PARTS = 1 << 248;

    /// @notice The slot of a waiting order.
    function pack(Terms memory t) internal pure returns (uint256 word) {
        word = uint256(t.unitPrice) << 152 | uint256(t.deadline) << 112 | uint256(t.quantity) << QUANTITY_AT;
        word |= uint256(t.shares) << 16 | uint256(t.maxCredits) << 8 | uint256(t.state);
        if (t.parts) word |= PARTS;
    }

    /// @notice The terms in the slot of a waiting order.
    function unpack(uint256 word) internal pure returns (Terms memory t) {
        t.state = stateOf(word);
        t.maxCredits = maxCreditsOf(word);
        t.shares = sharesOf(word);
        t.quantity = quantityOf(word);
        t.deadline = deadlineOf(word);
        t.unitPrice = unitPriceOf(word);
        t.parts = isInParts(word);
    }

    /// @notice The slot of a waiting order after `quantity` of its generations, not the last, were delivered.
    function less(uint256 word, uint256 quantity) internal pure returns (uint256) {
        return word - (quantity << QUANTITY_AT) | PARTS;
    }

    /// @notice The slot of an order delivered in full.
    /// @param outputs Of all its deliveries (chain): all but the last byte is kept.
    function fulfilled(bytes32 outputs) internal pure returns (uint256) {
        return uint256(outputs) >> 8 << 8 | uint256(IGenerationMarket.State.Fulfilled);
    }

    /// @notice The hash of an order's deliveries so far and the next; begins with 0.
    function chain(bytes32 outputs, IGenerationMarket.Output calldata next) internal pure returns (bytes32) {
        return keccak256(abi.encode(outputs, next));
    }

    function stateOf(uint256 word) internal pure returns (IGenerationMarket.State) {
        return IGenerationMarket.State(uint8(word));
    }

    function maxCreditsOf(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 8);
    }

    function sharesOf(uint256 word) internal pure returns (uint64) {
        return uint64(word >> 16);
    }

    function quantityOf(uint256 word) internal pure returns (uint32) {
        return uint32(word >> QUANTITY_AT);
    }

    function deadlineOf(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 112);
    }

    function unitPriceOf(uint256 word) internal pure returns (uint96) {
        return uint96(word >> 152);
    }

    function isInParts(uint256 word) internal pure returns (bool) {
        return word & PARTS != 0;
    }
}
