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
    address private immutable _test;
    mapping(address handler => bool) private _trusted;

    constructor(System system_, Actors actors_) {
        system = system_;
        actors = actors_;
        token = system_.token();
        (_test, _trusted[msg.sender]) = (msg.sender, true);
    }

    /// @dev What only the test and the handlers it trusts may call: no action.
    modifier internally() {
        need(_trusted[msg.sender]);
        _;
    }

    /// @notice Lets another handler call this one's internal functions. The test.
    function trust(address handler) external {
        need(msg.sender == _test);
        _trusted[handler] = true;
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

    /// @dev A person's signature over a digest.
    function sign(address who, bytes32 digest) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(actors.keyOf(who), digest);
    }

    /// @dev The same as 65 bytes.
    function signature(address who, bytes32 digest) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = sign(who, digest);
        return abi.encodePacked(r, s, v);
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
