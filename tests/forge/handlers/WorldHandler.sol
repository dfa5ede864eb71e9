// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CompensationRules} from "../../../contracts/CompensationRules.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title What happens around the contracts: time, votes on the rules, the token's blacklist, gifts
contract WorldHandler is Handler {
    /// @notice Given to a contract without being asked for.
    mapping(address to => uint256) public gifts;

    constructor(System system_, Actors actors_) Handler(system_, actors_) {}

    /// @notice Action: time passes, from seconds to weeks, each length of as many digits as likely.
    function wait(uint256 seed) external {
        vm.warp(now_() + within(seed >> 8, 1, 2 ** within(seed, 1, 20)));
    }

    /// @notice Action: the timelock adopts other rules within the limits.
    function adopt(uint256 seed) external {
        need(seed % 4 == 0);
        CompensationRules rules = system.rules();
        uint32 latest = rules.latestVersion();
        need(now_() >= rules.effectiveFrom(latest));
        ICompensationRules.Rules memory r = rules.rulesOf(latest);
        // From 1 unit, where nearly all rounds to nothing, to where a thousand generations still fit all sums.
        uint256 least = (uint256(r.pricePerGeneration) + 1) / 2;
        uint256 price = within(seed >> 8, least, uint256(r.pricePerGeneration) * 2);
        r.pricePerGeneration = uint128(price > 1e15 ? least : price);
        uint16 moved = uint16(within(seed >> 16, 0, 500));
        if (seed & 16 != 0) (r.artistsBps, r.platformBps) = _moved(r.artistsBps, r.platformBps, moved);
        else (r.platformBps, r.artistsBps) = _moved(r.platformBps, r.artistsBps, moved);
        if (r.artistsBps < 2_000 || r.artistsBps + r.holdersBps < 6_000) return need(false);
        r.streamPeriod = uint32(within(seed >> 32, 1 days, 14 days));
        vm.prank(address(system.timelock()));
        rules.adopt(r);
    }

    /// @notice Action: the token begins or ceases to refuse somebody. At most two at a time, so that runs go
    /// on.
    function blacklist(uint256 seed) external {
        address account = actors.account(seed);
        bool refused = token.blacklisted(account);
        uint256 count;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) if (token.blacklisted(all[i])) ++count;
        need(refused || (count < 2 && seed % 3 == 0));
        token.setBlacklisted(account, !refused);
    }

    /// @notice Action: money sent to one of the contracts, which must not become anybody's.
    function give(uint256 seed) external {
        need(seed % 4 == 0);
        address[5] memory to = [
            address(system.market()),
            address(system.pool()),
            address(system.rounds()),
            address(system.prepaid()),
            address(system.disputes())
        ];
        address chosen = to[(seed >> 8) % 5];
        uint256 amount = within(seed >> 16, 1, 1e9);
        token.mint(chosen, amount);
        gifts[chosen] += amount;
    }

    /// @dev `by` less in the first and more in the second, as far as there is.
    function _moved(uint16 from, uint16 to, uint16 by) private pure returns (uint16, uint16) {
        if (by > from) by = from;
        return (from - by, to + by);
    }
}
