// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeToken} from "../../../contracts/StakeToken.sol";
import {System} from "../System.sol";
import {ERC20Properties} from "./ERC20Properties.sol";

/// @title The stake token as ERC-20, ERC-2612, ERC-5805 (votes) and ERC-6372 (clock), in the deployed system
contract StakeTokenProperties is ERC20Properties {
    bytes32 private constant DELEGATION_TYPEHASH =
        keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
    uint256 private constant VOTER_KEY = uint256(keccak256("voter of the properties"));

    System private _system;
    StakeToken private _stake;

    /// @notice Forge: before each test.
    function setUp() public {
        vm.warp(1_800_000_000);
        _system = new System();
        _stake = _system.stake();
    }

    /// @notice ERC-6372: the clock is the block's time in seconds, and says so.
    function testFuzz_clock(uint40 time) public {
        vm.warp(time);
        vm.assertEq(_stake.clock(), time, "clock");
        vm.assertEq(keccak256(bytes(_stake.CLOCK_MODE())), keccak256("mode=timestamp"), "CLOCK_MODE");
    }

    /// @notice ERC-5805: votes follow the stake to whom its holder delegated; nobody's are lost or doubled.
    function testFuzz_votes_follow_the_stake(uint128 mine, uint128 yours, uint256 amount, address chosen)
        public
    {
        vm.assume(chosen != address(0) && chosen != owner && chosen != spender);
        yours = uint128(within(yours, 0, type(uint128).max - mine));
        give(owner, mine);
        give(spender, yours);
        vm.assertEq(_stake.getVotes(owner), mine, "own delegate from the first stake on");
        vm.prank(owner);
        _stake.delegate(chosen);
        vm.assertEq(_stake.delegates(owner), chosen, "delegates");
        vm.assertEq(_stake.getVotes(chosen), mine, "delegated");
        amount = within(amount, 0, mine);
        vm.prank(owner);
        _stake.transfer(spender, amount);
        vm.assertEq(_stake.getVotes(chosen), mine - amount, "moved away");
        // Whoever had no stake and no delegate before gets their own.
        vm.assertEq(_stake.getVotes(spender), uint256(yours) + amount, "moved here");
        vm.assertEq(_stake.getVotes(owner), 0, "not doubled");
    }

    /// @notice The revenue pool counts on a supply below 2**128.
    function test_supply_is_bounded() public {
        give(owner, type(uint128).max);
        vm.prank(address(_stake.rounds()));
        vm.expectRevert();
        _stake.mint(spender, 1);
    }

    /// @notice ERC-5805: the past stays, to the second; the present second is no past yet.
    function testFuzz_past_votes(uint128 first, uint128 second, uint32 wait) public {
        uint256 start = now_();
        second = uint128(within(second, 0, type(uint128).max - first));
        give(owner, first);
        uint256 later = start + 1 + wait;
        vm.warp(later);
        give(owner, second);
        vm.expectRevert();
        _stake.getPastVotes(owner, later);
        vm.warp(later + 1);
        vm.assertEq(_stake.getPastVotes(owner, start - 1), 0, "before");
        vm.assertEq(_stake.getPastVotes(owner, start), first, "at the first mint");
        vm.assertEq(_stake.getPastVotes(owner, later - 1), first, "until the second");
        vm.assertEq(_stake.getPastVotes(owner, later), uint256(first) + second, "at the second");
        vm.assertEq(_stake.getPastTotalSupply(later - 1), first, "supply until the second");
        vm.assertEq(_stake.getPastTotalSupply(later), uint256(first) + second, "supply at the second");
    }

    /// @notice ERC-5805: a signed delegation counts once and until its expiry.
    function testFuzz_delegation_by_signature(uint128 amount, address chosen, uint32 wait) public {
        vm.assume(chosen != address(0) && amount != 0);
        address voter = vm.addr(VOTER_KEY);
        vm.assume(chosen != voter);
        give(voter, amount);
        uint256 expiry = now_() + wait;
        bytes32 content =
            keccak256(abi.encode(DELEGATION_TYPEHASH, chosen, _stake.nonces(voter), expiry));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", _stake.DOMAIN_SEPARATOR(), content));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(VOTER_KEY, digest);
        vm.warp(expiry);
        _stake.delegateBySig(chosen, 0, expiry, v, r, s);
        vm.assertEq(_stake.getVotes(chosen), amount, "delegated");
        vm.expectRevert();
        _stake.delegateBySig(chosen, 0, expiry, v, r, s);
        vm.warp(expiry + 1);
        vm.expectRevert();
        _stake.delegateBySig(chosen, 0, expiry, v, r, s);
    }

    /// @notice The project's own contracts never hold stake, by mint or by transfer.
    function testFuzz_own_contracts_hold_nothing(uint128 amount, uint8 which) public {
        address[5] memory ours = [
            address(_stake), address(_system.pool()), address(_system.market()), address(_system.rounds()),
            address(_system.timelock())
        ];
        give(owner, amount);
        address chosen = ours[which % 5];
        address minter = address(_system.rounds());
        bytes memory refusal = abi.encodeWithSelector(StakeToken.HolderRefused.selector, chosen);
        vm.expectRevert(refusal);
        vm.prank(owner);
        _stake.transfer(chosen, amount);
        vm.expectRevert(refusal);
        vm.prank(minter);
        _stake.mint(chosen, amount);
    }

    function tested() internal view override returns (address) {
        return address(_stake);
    }

    function give(address to, uint256 amount) internal override {
        vm.prank(address(_system.rounds()));
        _stake.mint(to, amount);
    }

    function refuses(address to) internal view override returns (bool) {
        return _stake.isRefused(to);
    }
}
