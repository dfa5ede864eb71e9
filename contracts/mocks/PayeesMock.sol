// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayees} from "../interfaces/IPayees.sol";

/// @title A registry in which anyone says where anyone's money goes, also where it must not go
contract PayeesMock is IPayees {
    mapping(address artist => address) private _payees;

    /// @notice From now on `artist`'s money goes to `payee`. Anyone.
    function setPayee(address artist, address payee) external {
        _payees[artist] = payee;
    }

    /// @inheritdoc IPayees
    function payeeOf(address artist) external view returns (address) {
        address payee = _payees[artist];
        return payee == address(0) ? artist : payee;
    }
}
