// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the training rounds and the revenue pool call in the stake token
interface IStakeToken {
    /// @notice Mints `amount` (18 decimals) to `to`. TrainingRounds only.
    function mint(address to, uint256 amount) external;

    /// @notice Stake held by `account`, smallest unit.
    function balanceOf(address account) external view returns (uint256);

    /// @notice All stake there is, smallest unit.
    function totalSupply() external view returns (uint256);
}
