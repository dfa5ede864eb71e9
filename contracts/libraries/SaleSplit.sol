// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICompensationRules} from "../interfaces/ICompensationRules.sol";

/// @title How one sale's price is divided
/// @notice Pure maths. Every unit that rounding or weak attribution leaves over goes to the holders, so the
/// parts always sum to the price.
library SaleSplit {
    uint256 internal constant BPS = 10_000;

    /// @notice The artists were credited more than the rules allow for this price.
    error CreditsExceedShare(uint256 credited, uint256 ceiling);

    /// @notice The most that a sale at `price` may credit to artists, in the unit of `price`.
    function attributedCeiling(uint256 price, ICompensationRules.Rules memory rules)
        internal
        pure
        returns (uint256)
    {
        return Math.mulDiv(price, rules.artistsBps, BPS);
    }

    /// @notice Divides `price` when `credited` of it goes to artists. All amounts in the unit of `price`;
    /// credited + holders + platform + network + learning == price. Reverts CreditsExceedShare above the
    /// ceiling.
    /// @param rules Shares that sum to 10,000 (as CompensationRules guarantees).
    function split(uint256 price, ICompensationRules.Rules memory rules, uint256 credited)
        internal
        pure
        returns (uint256 holders, uint256 platform, uint256 network, uint256 learning)
    {
        uint256 ceiling = attributedCeiling(price, rules);
        if (credited > ceiling) revert CreditsExceedShare(credited, ceiling);
        platform = Math.mulDiv(price, rules.platformBps, BPS);
        network = Math.mulDiv(price, rules.networkBps, BPS);
        learning = Math.mulDiv(price, rules.learningBps, BPS);
        holders = price - platform - network - learning - credited;
    }
}
