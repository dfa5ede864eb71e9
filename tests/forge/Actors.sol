// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {System} from "./System.sol";

/// @title Everybody who can have money or stake in a run
/// @notice Eight people with keys, each of whom may be buyer, artist, holder and challenger at once, then the
/// accounts of the roles. Sums over all accounts are complete: nobody else is ever paid.
contract Actors is Base {
    uint256 public constant PEOPLE = 8;

    address[] private _all;
    mapping(address account => uint256) private _keys;

    constructor(System system) {
        for (uint256 i = 0; i < PEOPLE; ++i) {
            uint256 key = uint256(keccak256(abi.encode("person", i)));
            _all.push(vm.addr(key));
            _keys[vm.addr(key)] = key;
        }
        _all.push(system.proposer());
        _all.push(system.platform());
        _all.push(system.network());
        _all.push(system.learning());
    }

    /// @notice One of the people.
    function person(uint256 seed) external view returns (address) {
        return _all[seed % PEOPLE];
    }

    /// @notice One of all accounts.
    function account(uint256 seed) external view returns (address) {
        return _all[seed % _all.length];
    }

    /// @notice All accounts: people first.
    function all() external view returns (address[] memory) {
        return _all;
    }

    /// @notice The private key of a person.
    function keyOf(address who) external view returns (uint256) {
        return _keys[who];
    }
}
