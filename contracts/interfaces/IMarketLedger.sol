// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the other contracts call in the market
interface IMarketLedger {
    /// @notice The token that everything is paid in.
    function settlementToken() external view returns (IERC20);

    /// @notice Takes money for the holders and the three funds from the caller's approval. Anyone.
    function contribute(uint256 holders, uint256 platform, uint256 network, uint256 learning) external;

    /// @notice Pays `amount` of the holders' money to `holder`. Revenue pool only.
    /// @param insist Whether a transfer that the token refuses reverts. @return paid Whether it was paid.
    function payHolder(address holder, uint256 amount, bool insist) external returns (bool paid);
}
