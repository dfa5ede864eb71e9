// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGenerationMarket} from "../interfaces/IGenerationMarket.sol";
import {Cid} from "../libraries/Cid.sol";
import {OrderWord} from "../libraries/OrderWord.sol";
import {SaleSplit} from "../libraries/SaleSplit.sol";

/// @title Opens the pure libraries to tests
contract LibrariesMock {
    /// @notice See SaleSplit.addTo, from nothing. Anyone.
    function split(
        uint256 price,
        uint16 artistsBps,
        uint16 platformBps,
        uint16 networkBps,
        uint16 learningBps,
        uint256 credited
    ) external pure returns (SaleSplit.Parts memory parts) {
        uint64 shares = SaleSplit.pack(artistsBps, platformBps, networkBps, learningBps);
        SaleSplit.addTo(parts, price, shares, credited);
    }

    /// @notice See OrderWord.pack. Anyone.
    function pack(OrderWord.Terms memory terms) external pure returns (uint256) {
        return OrderWord.pack(terms);
    }

    /// @notice See OrderWord.unpack. Anyone.
    function unpack(uint256 word) external pure returns (OrderWord.Terms memory) {
        return OrderWord.unpack(word);
    }

    /// @notice See OrderWord.less. Anyone.
    function less(uint256 word, uint256 quantity) external pure returns (uint256) {
        return OrderWord.less(word, quantity);
    }

    /// @notice See OrderWord.chain. Anyone.
    function chain(bytes32 outputs, IGenerationMarket.Output calldata next) external pure returns (bytes32) {
        return OrderWord.chain(outputs, next);
    }

    /// @notice See OrderWord.fulfilled. Anyone.
    function fulfilled(bytes32 outputs) external pure returns (uint256) {
        return OrderWord.fulfilled(outputs);
    }

    /// @notice See Cid.toString. Anyone.
    function cid(bytes32 digest) external pure returns (string memory) {
        return Cid.toString(digest);
    }
}
