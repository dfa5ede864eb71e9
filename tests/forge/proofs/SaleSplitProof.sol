// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {SaleSplit} from "../../../contracts/libraries/SaleSplit.sol";

/// @title What halmos proves of SaleSplit's bytecode, for all inputs (`make prove`)
/// @notice The size of each share is nonlinear and proven over integers instead, in tools/prove.py.
contract SaleSplitProof {
    /// @notice Whatever split returns sums to the price: for every price of 128 bits, any credit, and any
    /// rules, even such as CompensationRules lets nobody adopt.
    function check_split_conserves(uint128 price, ICompensationRules.Rules memory rules, uint256 credited)
        public
        pure
    {
        (uint256 holders, uint256 platform, uint256 network, uint256 learning) =
            SaleSplit.split(price, rules, credited);
        unchecked {
            assert(credited + holders + platform + network + learning == price);
        }
    }
}
