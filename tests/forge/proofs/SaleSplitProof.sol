// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {SaleSplit} from "../../../contracts/libraries/SaleSplit.sol";

/// @title What halmos proves of SaleSplit's bytecode, for every input in range (`make prove`)
contract SaleSplitProof {
    uint256 private constant BPS = 10_000;

    /// @notice Whatever is returned sums to the price, for any rules, even such that no CompensationRules lets in.
    function check_conserves(uint128 price, ICompensationRules.Rules memory rules, uint256 credited) public pure {
        (uint256 holders, uint256 platform, uint256 network, uint256 learning) =
            SaleSplit.split(price, rules, credited);
        unchecked {
            uint256 sum = credited + holders + platform + network + learning;
            assert(sum == price);
        }
    }

    /// @notice No part exceeds the price.
    function check_no_part_exceeds_the_price(
        uint128 price,
        ICompensationRules.Rules memory rules,
        uint256 credited
    ) public pure {
        (uint256 holders, uint256 platform, uint256 network, uint256 learning) =
            SaleSplit.split(price, rules, credited);
        assert(holders <= price && platform <= price && network <= price && learning <= price);
        assert(credited <= price);
    }

    /// @notice The ceiling of credits is the floor of the exact share, for prices below 2**128.
    function check_ceiling_is_the_floor(uint128 price, ICompensationRules.Rules memory rules) public pure {
        uint256 ceiling = SaleSplit.attributedCeiling(price, rules);
        uint256 exact = uint256(price) * rules.artistsBps;
        assert(ceiling * BPS <= exact && exact - ceiling * BPS < BPS);
    }

    /// @notice More than the ceiling is never credited.
    function check_credits_stay_below_the_ceiling(
        uint128 price,
        ICompensationRules.Rules memory rules,
        uint256 credited
    ) public pure {
        SaleSplit.split(price, rules, credited);
        assert(credited <= SaleSplit.attributedCeiling(price, rules));
    }
}
