// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GenerationMarket} from "../../contracts/GenerationMarket.sol";
import {RevenuePool} from "../../contracts/RevenuePool.sol";
import {StakeToken} from "../../contracts/StakeToken.sol";
import {TrainingRounds} from "../../contracts/TrainingRounds.sol";
import {ITrainingRounds} from "../../contracts/interfaces/ITrainingRounds.sol";
import {IGenerationMarket} from "../../contracts/interfaces/IGenerationMarket.sol";
import {HostileTokenMock} from "../../contracts/mocks/HostileTokenMock.sol";
import {Actors} from "./Actors.sol";
import {Base} from "./Base.sol";
import {System} from "./System.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";
import {RoundsHandler} from "./handlers/RoundsHandler.sol";
import {StakeHandler} from "./handlers/StakeHandler.sol";
import {WorldHandler} from "./handlers/WorldHandler.sol";

/// @title Promises 1 and 2 under random calls of everybody
/// @notice After each call, for each contract: what it received is what it paid out, owes, holds for orders
/// or rounds, and carries, to the smallest unit (in the pool to the last 1/2**128 of one). After each run:
/// with time alone everything ends, every order is delivered or refunded, and everybody gets everything.
contract MoneyInvariants is Base {
    HostileTokenMock private token;
    StakeToken private stake;
    RevenuePool private pool;
    GenerationMarket private market;
    TrainingRounds private rounds;
    Actors private actors;
    MarketHandler private buying;
    StakeHandler private holding;
    RoundsHandler private training;
    WorldHandler private world;
    address[] private _targets;

    /// @notice Forge: once, before the runs.
    function setUp() public {
        vm.warp(1_800_000_000);
        System system = new System();
        (token, stake, pool) = (system.token(), system.stake(), system.pool());
        (market, rounds) = (system.market(), system.rounds());
        actors = new Actors(system);
        buying = new MarketHandler(system, actors);
        holding = new StakeHandler(system, actors);
        training = new RoundsHandler(system, actors);
        world = new WorldHandler(system, actors);
        _targets = [address(buying), address(holding), address(training), address(world)];
    }

    /// @notice Forge: whom the random calls go to.
    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    /// @notice Promise 1, all contracts. One function: forge begins runs of their own for each.
    function invariant_money_is_conserved() public view {
        _market();
        _pool();
        _rounds();
        _stake();
        _everywhere();
    }

    /// @notice Forge: after each run. Promise 2 and solvency: everything ends by time alone and is paid out.
    function afterInvariant() public {
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) token.setBlacklisted(all[i], false);
        _endRounds();
        _endOrders();
        // Two stream periods after the last sale nothing waits any more, if anybody holds stake.
        vm.warp(now_() + 200 days);
        for (uint256 i = 0; i < all.length; ++i) {
            pool.claim(all[i]);
            market.claim(all[i]);
            market.claimRefund(all[i]);
            rounds.claimBond(all[i]);
        }
        _nothingLeft(all.length);
    }

    function _market() private view {
        MarketHandler.Ledger memory l = buying.ledger();
        (uint256 received, uint256 attributed, uint256 holders, uint256 learning, uint256 platform,
            uint256 network, uint256 escrowed, uint256 refunded, uint256 claimed) = market.totals();
        vm.assertEq(received, l.received, "received");
        vm.assertEq(attributed, l.attributed, "attributed");
        vm.assertEq(holders, l.holders, "holders");
        vm.assertEq(learning, l.learning, "learning");
        vm.assertEq(platform, l.platform, "platform");
        vm.assertEq(network, l.network, "network");
        vm.assertEq(escrowed, l.escrowed, "escrowed");
        vm.assertEq(refunded, l.refunded, "refunded");
        vm.assertEq(claimed, l.claimed, "claimed");
        uint256 owed;
        uint256 refunds;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertEq(market.owed(all[i]), buying.owed(all[i]), "owed");
            vm.assertEq(market.refundOwed(all[i]), buying.refundOwed(all[i]), "refundOwed");
            owed += buying.owed(all[i]);
            refunds += buying.refundOwed(all[i]);
        }
        vm.assertEq(attributed + learning + platform + network, claimed + owed, "credits and shares");
        _holds(address(market), escrowed + owed + refunds);
    }

    function _pool() private view {
        (uint256 deposited, uint256 claimed) = pool.totals();
        vm.assertEq(deposited, buying.ledger().holders, "deposited");
        vm.assertEq(claimed, holding.paid(), "revenue claimed");
        uint256 accrued;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) accrued += pool.accruedScaled(all[i]);
        uint256 scale = pool.SCALE();
        uint256 remainder = pool.remainderScaled();
        uint256 waiting = (claimed + pool.pending()) * scale;
        vm.assertEq(deposited * scale, waiting + accrued + remainder, "pool, scaled");
        uint256 supply = stake.totalSupply();
        vm.assertTrue(supply == 0 ? remainder == 0 : remainder < supply, "remainder below the supply");
        _holds(address(pool), deposited - claimed);
    }

    function _rounds() private view {
        uint256 owed;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertEq(rounds.bondOwed(all[i]), training.bondOwed(all[i]), "bondOwed");
            owed += training.bondOwed(all[i]);
        }
        _holds(address(rounds), owed + training.bondsHeld());
    }

    function _stake() private view {
        uint256 supply = stake.totalSupply();
        vm.assertEq(supply, training.minted(), "supply is what was minted");
        uint256 minted;
        uint256 count = rounds.nextRoundId();
        for (uint256 id = 1; id < count; ++id) {
            (,, ITrainingRounds.State state,,,,,, uint128 budget, uint128 part,) = rounds.rounds(id);
            vm.assertEq(uint256(state), uint256(training.stateOf(id)), "state of a round");
            vm.assertLe(part, budget, "mint budget");
            vm.assertTrue(part == 0 || state == ITrainingRounds.State.Finalised, "minted before the end");
            minted += part;
        }
        vm.assertEq(supply, minted, "supply is what rounds minted");
        uint256 held;
        uint256 votes;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) {
            held += stake.balanceOf(all[i]);
            votes += stake.getVotes(all[i]);
        }
        vm.assertEq(supply, held, "supply is what is held");
        vm.assertEq(supply, votes, "every unit votes");
    }

    /// @dev No money anywhere else, and none made.
    function _everywhere() private view {
        address[] memory all = actors.all();
        uint256 sum = token.balanceOf(address(market))
            + token.balanceOf(address(pool))
            + token.balanceOf(address(rounds));
        for (uint256 i = 0; i < all.length; ++i) sum += token.balanceOf(all[i]);
        vm.assertEq(sum, token.totalSupply(), "all money");
    }

    /// @dev A contract's balance is `amount` and what was given to it unasked.
    function _holds(address account, uint256 amount) private view {
        vm.assertEq(token.balanceOf(account), amount + world.gifts(account), "balance");
    }

    function _endRounds() private {
        vm.warp(now_() + 200 days);
        uint256 count = rounds.nextRoundId();
        for (uint256 id = 1; id < count; ++id) {
            ITrainingRounds.State state = training.stateOf(id);
            if (state == ITrainingRounds.State.Challenged) rounds.lapse(id);
            if (state == ITrainingRounds.State.Proposed) rounds.finalise(id);
        }
    }

    function _endOrders() private {
        IGenerationMarket.Order[] memory orders = buying.openOrders();
        for (uint256 i = 0; i < orders.length; ++i) market.refund(orders[i]);
    }

    function _nothingLeft(uint256 accounts) private view {
        _holds(address(market), 0);
        _holds(address(rounds), 0);
        if (stake.totalSupply() == 0) return;
        vm.assertEq(pool.pending(), 0, "nothing waits");
        // Only fractions of a unit: each account's own, and the carried one.
        uint256 left = token.balanceOf(address(pool)) - world.gifts(address(pool));
        vm.assertLe(left, accounts, "only fractions are left in the pool");
    }
}
