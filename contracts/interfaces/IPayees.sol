// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Where artists want their money
interface IPayees {
    /// @notice The account that money owed to `artist` is paid to: the artist's own unless they chose another.
    function payeeOf(address artist) external view returns (address);
}
