// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICompensationRules} from "../interfaces/ICompensationRules.sol";
import {SaleSplit} from "../libraries/SaleSplit.sol";

/// @title Opens the pure library SaleSplit to tests
contract SaleSplitMock {
    /// @notice See SaleSplit.split. Anyone.
    function split(uint256 price, ICompensationRules.Rules memory rules, uint256 credited)
        external
        pure
        returns (uint256 holders, uint256 platform, uint256 network, uint256 learning)
    {
        return SaleSplit.split(price, rules, credited);
    }

    /// @notice See SaleSplit.attributedCeiling. Anyone.
    function attributedCeiling(uint256 price, ICompensationRules.Rules memory rules)
        external
        pure
        returns (uint256)
    {
        return SaleSplit.attributedCeiling(price, rules);
    }
}
