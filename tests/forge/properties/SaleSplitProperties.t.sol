// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {SaleSplit} from "../../../contracts/libraries/SaleSplit.sol";
import {Base} from "../Base.sol";

/// @title SaleSplit is the formulas that tools/prove.py proves things about
contract SaleSplitProperties is Base {
    /// @notice Each part against plain arithmetic, for prices over their whole range.
    function testFuzz_parts_are_the_formulas(uint128 price, uint32 quantity, uint64 cuts, uint256 part)
        public
        pure
    {
        // All that a market can ask: a price of one generation times a quantity, below 2**160.
        uint256 whole = uint256(price) * quantity;
        ICompensationRules.Rules memory r = _shares(cuts);
        uint256 ceiling = whole * r.artistsBps / 10_000;
        uint256 credited = part % (ceiling + 1);
        (uint256 holders, uint256 platform, uint256 network, uint256 learning) =
            SaleSplit.split(whole, r, credited);
        vm.assertEq(SaleSplit.attributedCeiling(whole, r), ceiling, "ceiling");
        vm.assertEq(platform, whole * r.platformBps / 10_000, "platform");
        vm.assertEq(network, whole * r.networkBps / 10_000, "network");
        vm.assertEq(learning, whole * r.learningBps / 10_000, "learning");
        vm.assertEq(holders + platform + network + learning + credited, whole, "sum");
    }

    /// @dev Five shares that sum to 10,000: what four cuts leave.
    function _shares(uint64 cuts) private pure returns (ICompensationRules.Rules memory r) {
        uint16 left = 10_000;
        uint16[4] memory taken;
        for (uint256 i = 0; i < 4; ++i) {
            taken[i] = uint16(uint16(cuts >> (16 * i)) % (uint256(left) + 1));
            left -= taken[i];
        }
        (r.artistsBps, r.platformBps, r.networkBps, r.learningBps) = (taken[0], taken[1], taken[2], taken[3]);
        r.holdersBps = left;
    }
}
