// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SettlementTokenMock} from "../../../contracts/mocks/SettlementTokenMock.sol";
import {ERC20Properties} from "./ERC20Properties.sol";

/// @title The development token as ERC-20 with permit: what tests with it show must hold for a real one
contract SettlementTokenProperties is ERC20Properties {
    SettlementTokenMock private _money;

    /// @notice Forge: before each test.
    function setUp() public {
        _money = new SettlementTokenMock();
    }

    function tested() internal view override returns (address) {
        return address(_money);
    }

    function give(address to, uint256 amount) internal override {
        _money.mint(to, amount);
    }

    function refuses(address) internal pure override returns (bool) {
        return false;
    }
}
