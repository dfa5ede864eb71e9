// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SaleSplit} from "../../../contracts/libraries/SaleSplit.sol";

/// @title What halmos proves of SaleSplit's bytecode, for all inputs (`make prove`)
/// @notice The size of each share, and that nothing wraps around, is nonlinear and proven over integers instead,
/// in tools/prove.py.
contract SaleSplitProof {
    /// @notice Whatever addTo adds sums to the price: for every price of 128 bits, any credit, and any shares,
    /// even such as CompensationRules lets nobody adopt; to whatever sums there were before.
    function check_addTo_conserves(
        uint128 price,
        uint64 shares,
        uint256 credited,
        SaleSplit.Parts memory sum
    ) public pure {
        unchecked {
            uint256 before = sum.holders + sum.platform + sum.network + sum.learning;
            SaleSplit.addTo(sum, price, shares, credited);
            uint256 added = sum.holders + sum.platform + sum.network + sum.learning - before;
            assert(credited + added == price);
        }
    }

    /// @notice No credit above the ceiling passes.
    function check_ceiling(uint128 price, uint64 shares, uint256 credited) public pure {
        SaleSplit.Parts memory sum;
        SaleSplit.addTo(sum, price, shares, credited);
        assert(credited <= uint256(price) * uint16(shares) / 10_000);
    }
}
