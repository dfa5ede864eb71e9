// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title Development USD: the settlement token of development chains
/// @notice Behaves like USDC where the market depends on it: 6 decimals, ERC-2612 permit and ERC-3009 with
/// USDC's type hashes. Anyone may mint, so it must never be deployed outside development.
contract SettlementTokenMock is ERC20, ERC20Permit, ERC3009 {
    constructor() ERC20("Development USD", "dUSD") ERC20Permit("Development USD") {}

    /// @notice Mints `amount` (6 decimals) to `to`. Anyone.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice 6, as USDC.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
