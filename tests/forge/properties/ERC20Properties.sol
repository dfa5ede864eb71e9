// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Base} from "../Base.sol";

/// @title What every ERC-20 with permit must do, for any amounts (ERC-20, ERC-2612)
/// @notice No public suite installs from npm or PyPI (docs/security.md), so these are our own. A token's test
/// inherits them and says how tokens come into somebody's hands.
abstract contract ERC20Properties is Base {
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    uint256 private constant KEY = uint256(keccak256("owner of the properties"));
    address internal immutable owner = vm.addr(KEY);
    address internal immutable spender = address(0x5BE2);

    /// @notice The token under test.
    function tested() internal view virtual returns (address);

    /// @notice Gives `amount` to `to`, at most of 128 bits.
    function give(address to, uint256 amount) internal virtual;

    /// @dev Whether the token refuses to be held by `to`.
    function refuses(address to) internal view virtual returns (bool);

    /// @notice A transfer takes from one what it gives the other, also to oneself, and makes nothing.
    function testFuzz_transfer_moves_exactly(address to, uint128 balance, uint256 amount) public {
        vm.assume(to != address(0) && !refuses(to));
        give(owner, balance);
        amount = within(amount, 0, balance);
        uint256 supply = _token().totalSupply();
        uint256 before = _token().balanceOf(to);
        vm.prank(owner);
        bool done = _token().transfer(to, amount);
        vm.assertTrue(done, "returns true");
        vm.assertEq(_token().balanceOf(owner), to == owner ? balance : balance - amount, "sender");
        if (to != owner) vm.assertEq(_token().balanceOf(to), before + amount, "receiver");
        vm.assertEq(_token().totalSupply(), supply, "supply");
    }

    /// @notice More than one has, or to nobody, is refused.
    function testFuzz_transfer_refuses(uint128 balance, uint256 amount) public {
        vm.assume(amount > balance);
        give(owner, balance);
        vm.expectRevert();
        vm.prank(owner);
        _token().transfer(spender, amount);
        vm.expectRevert();
        vm.prank(owner);
        _token().transfer(address(0), balance);
    }

    /// @notice transferFrom uses up the allowance, but not an unlimited one.
    function testFuzz_allowance_is_used_up(uint128 balance, uint256 allowed, uint256 amount) public {
        give(owner, balance);
        allowed = within(allowed, 0, type(uint256).max);
        amount = within(amount, 0, allowed < balance ? allowed : balance);
        vm.prank(owner);
        _token().approve(spender, allowed);
        vm.assertEq(_token().allowance(owner, spender), allowed, "approved");
        vm.prank(spender);
        _token().transferFrom(owner, spender, amount);
        uint256 left = allowed == type(uint256).max ? allowed : allowed - amount;
        vm.assertEq(_token().allowance(owner, spender), left, "left");
        vm.assertEq(_token().balanceOf(spender), amount, "received");
    }

    /// @notice More than was allowed is refused, whatever the balance.
    function testFuzz_no_allowance_no_transfer(uint128 balance, uint128 allowed, uint256 amount) public {
        vm.assume(amount > allowed);
        give(owner, balance);
        vm.prank(owner);
        _token().approve(spender, allowed);
        vm.expectRevert();
        vm.prank(spender);
        _token().transferFrom(owner, spender, amount);
    }

    /// @notice A permit counts once, until its deadline, for what it says.
    function testFuzz_permit(uint256 amount, uint256 deadline, uint256 other) public {
        vm.assume(other != amount);
        deadline = within(deadline, now_(), type(uint256).max);
        IERC20Permit token = IERC20Permit(tested());
        uint256 nonce = token.nonces(owner);
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(amount, nonce, deadline);
        vm.expectRevert();
        token.permit(owner, spender, other, deadline, v, r, s);
        vm.expectRevert();
        token.permit(owner, address(this), amount, deadline, v, r, s);
        token.permit(owner, spender, amount, deadline, v, r, s);
        vm.assertEq(_token().allowance(owner, spender), amount, "allowance");
        vm.assertEq(token.nonces(owner), nonce + 1, "nonce");
        vm.expectRevert();
        token.permit(owner, spender, amount, deadline, v, r, s);
    }

    /// @notice After its deadline a permit is void.
    function testFuzz_permit_expires(uint256 amount, uint64 late) public {
        uint256 deadline = now_();
        IERC20Permit token = IERC20Permit(tested());
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(amount, token.nonces(owner), deadline);
        vm.warp(deadline + 1 + late);
        vm.expectRevert();
        token.permit(owner, spender, amount, deadline, v, r, s);
    }

    function _token() private view returns (IERC20) {
        return IERC20(tested());
    }

    function _signPermit(uint256 amount, uint256 nonce, uint256 deadline)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 content = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, amount, nonce, deadline));
        bytes32 domain = IERC20Permit(tested()).DOMAIN_SEPARATOR();
        return vm.sign(KEY, keccak256(abi.encodePacked("\x19\x01", domain, content)));
    }
}
