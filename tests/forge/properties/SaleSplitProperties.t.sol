// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SaleSplit} from "../../../contracts/libraries/SaleSplit.sol";
import {Base} from "../Base.sol";

/// @title SaleSplit is the formulas that tools/prove.py proves things about
contract SaleSplitProperties is Base {
    /// @notice Each part against plain, checked arithmetic, for prices over their whole range.
    function testFuzz_parts_are_the_formulas(uint96 unitPrice, uint32 quantity, uint64 cuts, uint256 part)
        public
        pure
    {
        uint256 price = uint256(unitPrice) * quantity;
        uint16[4] memory bps = _shares(cuts);
        uint256 credited = part % (price * bps[0] / 10_000 + 1);
        SaleSplit.Parts memory sum = SaleSplit.Parts(1, 2, 3, 4);
        SaleSplit.addTo(sum, price, SaleSplit.pack(bps[0], bps[1], bps[2], bps[3]), credited);
        uint256 platform = price * bps[1] / 10_000;
        uint256 network = price * bps[2] / 10_000;
        uint256 learning = price * bps[3] / 10_000;
        vm.assertEq(sum.platform, platform + 2, "platform");
        vm.assertEq(sum.network, network + 3, "network");
        vm.assertEq(sum.learning, learning + 4, "learning");
        vm.assertEq(sum.holders, price - credited - platform - network - learning + 1, "holders");
    }

    /// @notice One unit more than the ceiling is refused.
    function testFuzz_no_credit_above_the_ceiling(uint128 price, uint16 artistsBps) public {
        artistsBps = uint16(artistsBps % 10_001);
        uint256 ceiling = uint256(price) * artistsBps / 10_000;
        vm.expectRevert(abi.encodeWithSelector(SaleSplit.CreditsExceedShare.selector, ceiling + 1, ceiling));
        this.split(price, artistsBps, ceiling + 1);
    }

    /// @notice A call of its own, so that its revert can be expected.
    function split(uint256 price, uint16 artistsBps, uint256 credited) external pure {
        SaleSplit.Parts memory sum;
        SaleSplit.addTo(sum, price, SaleSplit.pack(artistsBps, 0, 0, 0), credited);
    }

    /// @dev Shares of artists, platform, network, learning; the rest to 10,000 is the holders'.
    function _shares(uint64 cuts) private pure returns (uint16[4] memory taken) {
        uint16 left = 10_000;
        for (uint256 i = 0; i < 4; ++i) {
            taken[i] = uint16(uint16(cuts >> (16 * i)) % (uint256(left) + 1));
            left -= taken[i];
        }
    }
}
