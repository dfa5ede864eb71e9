// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RevenuePool} from "../../../contracts/RevenuePool.sol";
import {StakeToken} from "../../../contracts/StakeToken.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title Random movements of stake and claims of revenue
contract StakeHandler is Handler {
    StakeToken private immutable stake;
    RevenuePool private immutable pool;
    /// @notice Paid out by the pool, as the receivers' balances show.
    uint256 public paid;

    constructor(System system_, Actors actors_) Handler(system_, actors_) {
        stake = system_.stake();
        pool = system_.pool();
    }

    /// @notice Action: a transfer, sometimes of nothing, of all, or to oneself.
    function transfer(uint256 seed, uint256 amount) external {
        address from = _holder(seed);
        uint256 balance = stake.balanceOf(from);
        amount = seed % 8 == 0 ? balance : seed % 8 == 1 ? 0 : within(amount, 0, balance);
        address to = actors.account(seed >> 16);
        vm.prank(from);
        stake.transfer(to, amount);
    }

    /// @notice Action: a delegation to somebody else.
    function delegate(uint256 seed) external {
        need(seed % 4 == 0);
        address to = actors.person(seed >> 16);
        vm.prank(_holder(seed >> 8));
        stake.delegate(to);
    }

    /// @notice Action: somebody's revenue, which must be what the view said.
    function claim(uint256 seed) external {
        address account = actors.account(seed);
        need(!token.blacklisted(account));
        uint256 expected = pool.claimable(account);
        need(expected != 0 || seed % 16 == 0);
        uint256 before = token.balanceOf(account);
        uint256 amount = pool.claim(account);
        vm.assertEq(amount, expected, "claimable");
        vm.assertEq(token.balanceOf(account), before + amount, "revenue paid");
        paid += amount;
    }

    /// @notice Action: everybody's, of whom the token may refuse some.
    function claimMany(uint256 seed) external {
        need(seed % 4 == 0);
        address[] memory all = actors.all();
        uint256 before = token.balanceOf(address(system.market()));
        pool.claimMany(all);
        paid += before - token.balanceOf(address(system.market()));
        for (uint256 i = 0; i < all.length; ++i) {
            if (!token.blacklisted(all[i])) vm.assertEq(pool.claimable(all[i]), 0, "claimed all");
        }
    }

    function _holder(uint256 seed) private view returns (address) {
        address[] memory all = actors.all();
        for (uint256 n = 0; n < all.length; ++n) {
            address account = all[(seed % all.length + n) % all.length];
            if (stake.balanceOf(account) != 0) return account;
        }
        need(false);
        return address(0);
    }
}
