// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GenerationMarket} from "../../contracts/GenerationMarket.sol";
import {GenerationToken} from "../../contracts/GenerationToken.sol";
import {PrepaidSales} from "../../contracts/PrepaidSales.sol";
import {RevenuePool} from "../../contracts/RevenuePool.sol";
import {StakeToken} from "../../contracts/StakeToken.sol";
import {TrainingRounds} from "../../contracts/TrainingRounds.sol";
import {WorkDisputes} from "../../contracts/WorkDisputes.sol";
import {ITrainingRounds} from "../../contracts/interfaces/ITrainingRounds.sol";
import {IGenerationMarket} from "../../contracts/interfaces/IGenerationMarket.sol";
import {HostileTokenMock} from "../../contracts/mocks/HostileTokenMock.sol";
import {Actors} from "./Actors.sol";
import {Base} from "./Base.sol";
import {System} from "./System.sol";
import {DisputesHandler} from "./handlers/DisputesHandler.sol";
import {Handler} from "./handlers/Handler.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";
import {PrepaidHandler} from "./handlers/PrepaidHandler.sol";
import {RoundsHandler} from "./handlers/RoundsHandler.sol";
import {SalesLedger} from "./handlers/SalesLedger.sol";
import {StakeHandler} from "./handlers/StakeHandler.sol";
import {WorldHandler} from "./handlers/WorldHandler.sol";

/// @title Promises 1 and 2 under random calls of everybody
/// @notice After each call, for each contract: what it received is what it paid out, owes, holds for orders
/// or rounds, and carries, to the smallest unit (in the pool to the last 1/2**128 of one). After each run:
/// with time alone everything ends, every order is delivered or refunded, and everybody gets everything.
contract MoneyInvariants is Base {
    /// @dev As forge wants it.
    struct Excluded {
        address target;
        bytes4[] selectors;
    }

    HostileTokenMock private token;
    StakeToken private stake;
    RevenuePool private pool;
    GenerationMarket private market;
    TrainingRounds private rounds;
    Actors private actors;
    PrepaidSales private prepaid;
    SalesLedger private ledger;
    MarketHandler private buying;
    PrepaidHandler private prepaying;
    StakeHandler private holding;
    RoundsHandler private training;
    WorkDisputes private disputes;
    GenerationToken private generationToken;
    DisputesHandler private disputing;
    WorldHandler private world;
    address[] private _targets;

    /// @notice Forge: once, before the runs.
    function setUp() public {
        vm.warp(1_800_000_000);
        System system = new System();
        (token, stake, pool) = (system.token(), system.stake(), system.pool());
        (market, rounds) = (system.market(), system.rounds());
        actors = new Actors(system);
        prepaid = system.prepaid();
        ledger = new SalesLedger(system, actors);
        buying = new MarketHandler(system, actors, ledger);
        prepaying = new PrepaidHandler(system, actors, ledger);
        holding = new StakeHandler(system, actors);
        training = new RoundsHandler(system, actors);
        disputes = system.disputes();
        generationToken = system.generationToken();
        disputing = new DisputesHandler(system, actors);
        world = new WorldHandler(system, actors);
        ledger.trust(address(buying));
        ledger.trust(address(prepaying));
        _targets = [
            address(ledger), address(buying), address(prepaying), address(holding), address(training),
            address(disputing), address(world)
        ];
    }

    /// @notice Forge: what is no action of a handler and would only waste calls.
    function excludeSelectors() public view returns (Excluded[] memory excluded) {
        excluded = new Excluded[](_targets.length);
        for (uint256 i = 0; i < _targets.length; ++i) {
            bool two = _targets[i] == address(ledger);
            bool one = _targets[i] == address(prepaying) || _targets[i] == address(disputing);
            bytes4[] memory selectors = new bytes4[](two ? 4 : one ? 2 : 1);
            selectors[0] = Handler.trust.selector;
            if (two) (selectors[1], selectors[2]) = (SalesLedger.sold.selector, SalesLedger.shared.selector);
            if (two) selectors[3] = SalesLedger.tipped.selector;
            if (_targets[i] == address(prepaying)) selectors[1] = PrepaidHandler.payAll.selector;
            if (_targets[i] == address(disputing)) selectors[1] = DisputesHandler.endAll.selector;
            excluded[i] = Excluded(_targets[i], selectors);
        }
    }

    /// @notice Forge: whom the random calls go to.
    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    /// @notice Promise 1, all contracts. One function: forge begins runs of their own for each.
    function invariant_money_is_conserved() public view {
        _market();
        _prepaid();
        _pool();
        _rounds();
        _disputes();
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
            disputes.claimBond(all[i]);
        }
        prepaying.payAll();
        _nothingLeft(all.length);
    }

    function _market() private view {
        IGenerationMarket.Totals memory l = ledger.totals();
        IGenerationMarket.Totals memory t = market.totals();
        vm.assertEq(t.attributed, l.attributed, "attributed");
        vm.assertEq(t.tipped, l.tipped, "tipped");
        vm.assertEq(t.holders, l.holders, "holders");
        vm.assertEq(t.holdersPaid, holding.paid(), "holders paid");
        vm.assertEq(t.learning, l.learning, "learning");
        vm.assertEq(t.platform, l.platform, "platform");
        vm.assertEq(t.network, l.network, "network");
        vm.assertEq(t.claimed, l.claimed, "claimed");
        uint256 owed;
        uint256 refunds;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertEq(market.owed(all[i]), ledger.owed(all[i]), "owed");
            vm.assertEq(market.refundOwed(all[i]), buying.refundOwed(all[i]), "refundOwed");
            owed += ledger.owed(all[i]);
            refunds += buying.refundOwed(all[i]);
        }
        vm.assertEq(t.refundsOwed, refunds, "refunds owed");
        uint256 earned = t.attributed + t.tipped + t.learning + t.platform + t.network;
        vm.assertEq(earned, t.claimed + owed, "credits, tips and shares");
        _holds(address(market), buying.escrowed() + owed + refunds + t.holders - t.holdersPaid);
    }

    function _prepaid() private view {
        uint256 sum = prepaying.creditsOwed();
        for (uint256 i = 0; i < actors.PEOPLE(); ++i) {
            (uint128 amount, uint128 spent) = prepaid.balanceOf(actors.person(i));
            (uint128 wanted, uint128 wantedSpent) = prepaying.balances(actors.person(i));
            vm.assertEq(amount, wanted, "prepaid");
            vm.assertEq(spent, wantedSpent, "spent");
            sum += amount;
        }
        _holds(address(prepaid), sum);
    }

    function _pool() private view {
        (uint256 deposited, uint256 claimed) = (pool.deposited(), pool.claimed());
        vm.assertEq(deposited, ledger.totals().holders, "deposited");
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
        _holds(address(pool), 0);
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

    function _disputes() private view {
        uint256 owed;
        address[] memory all = actors.all();
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertEq(disputes.bondOwed(all[i]), disputing.bondOwed(all[i]), "bondOwed by disputes");
            owed += disputing.bondOwed(all[i]);
        }
        _holds(address(disputes), owed + disputing.bondsHeld());
    }

    function _stake() private view {
        uint256 supply = stake.totalSupply();
        vm.assertEq(supply, training.minted(), "supply is what was minted");
        uint256 minted;
        uint256 count = rounds.nextRoundId();
        for (uint256 id = 1; id < count; ++id) {
            (, ITrainingRounds.State state,,,,,,) = rounds.rounds(id);
            vm.assertEq(uint256(state), uint256(training.stateOf(id)), "state of a round");
            for (uint256 p = 0; p < 2; ++p) {
                (, uint128 budget, uint128 part) = rounds.mintParts(id, ITrainingRounds.Part(p));
                vm.assertLe(part, budget, "mint budget");
                vm.assertTrue(part == 0 || state == ITrainingRounds.State.Finalised, "minted before the end");
                minted += part;
            }
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
            + token.balanceOf(address(prepaid))
            + token.balanceOf(address(disputes))
            + token.balanceOf(address(generationToken))
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
        RoundsHandler.Filed[] memory open = training.openChallenges();
        for (uint256 i = 0; i < open.length; ++i) {
            (, ITrainingRounds.State state,,,,,,) = rounds.rounds(open[i].roundId);
            if (state == ITrainingRounds.State.Rejected) rounds.closeChallenge(open[i].roundId, open[i].id);
            else rounds.lapse(open[i].roundId, open[i].id);
        }
        uint256 count = rounds.nextRoundId();
        for (uint256 id = 1; id < count; ++id) {
            (, ITrainingRounds.State state,,,,,,) = rounds.rounds(id);
            if (state == ITrainingRounds.State.Proposed) rounds.finalise(id);
        }
        disputing.endAll();
    }

    function _endOrders() private {
        IGenerationMarket.Order[] memory orders = buying.openOrders();
        for (uint256 i = 0; i < orders.length; ++i) market.refund(orders[i]);
    }

    function _nothingLeft(uint256 accounts) private view {
        vm.assertEq(prepaying.creditsOwed(), 0, "no credits are left");
        _holds(address(rounds), 0);
        _holds(address(disputes), 0);
        uint256 left = token.balanceOf(address(market)) - world.gifts(address(market));
        vm.assertEq(left, pool.deposited() - pool.claimed(), "only the holders' is left");
        if (stake.totalSupply() == 0) return;
        vm.assertEq(pool.pending(), 0, "nothing waits");
        // Only fractions of a unit: each account's own, and the carried one.
        vm.assertLe(left, accounts, "only fractions are left of the holders'");
    }
}
