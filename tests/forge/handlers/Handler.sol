// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HostileTokenMock} from "../../../contracts/mocks/HostileTokenMock.sol";
import {Actors} from "../Actors.sol";
import {Base} from "../Base.sol";
import {System} from "../System.sol";

/// @title The base of all handlers: random actions on one contract, with a ledger of what they should have
/// done
/// @notice A new contract gets a handler of its own: its external functions that write are the actions, their
/// arguments are random. An action that finds nothing to act on calls `need(false)` before it changes
/// anything; what is left must succeed. Ghosts are views. Then name it in MoneyInvariants.setUp and add its
/// invariants.
abstract contract Handler is Base {
    System internal immutable system;
    Actors internal immutable actors;
    HostileTokenMock internal immutable token;

    constructor(System system_, Actors actors_) {
        system = system_;
        actors = actors_;
        token = system_.token();
    }

    /// @dev Takes the call back, uncounted, unless the condition holds.
    function need(bool condition) internal pure {
        vm.assume(condition);
    }

    /// @dev Money in `owner`'s hands, approved for `spender`.
    function fund(address owner, address spender, uint256 amount) internal {
        token.mint(owner, amount);
        vm.prank(owner);
        token.approve(spender, amount);
    }

    /// @dev EIP-712 digest in a domain.
    function typed(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", domain, structHash));
    }

    /// @dev Now and then waits until just `time`, the first or last second in which something is possible.
    function maybeWaitUntil(uint256 seed, uint256 time) internal {
        if (seed % 4 == 0 && time > now_()) vm.warp(time);
    }
}
