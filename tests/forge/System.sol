// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ArtworkRegistry} from "../../contracts/ArtworkRegistry.sol";
import {Charter} from "../../contracts/Charter.sol";
import {CompensationRules} from "../../contracts/CompensationRules.sol";
import {GenerationMarket} from "../../contracts/GenerationMarket.sol";
import {MeltingPotGovernor} from "../../contracts/MeltingPotGovernor.sol";
import {MeltingPotTimelock} from "../../contracts/MeltingPotTimelock.sol";
import {RevenuePool} from "../../contracts/RevenuePool.sol";
import {StakeToken} from "../../contracts/StakeToken.sol";
import {TrainingRounds} from "../../contracts/TrainingRounds.sol";
import {ICompensationRules} from "../../contracts/interfaces/ICompensationRules.sol";
import {IGenerationMarket} from "../../contracts/interfaces/IGenerationMarket.sol";
import {HostileTokenMock} from "../../contracts/mocks/HostileTokenMock.sol";
import {Base} from "./Base.sol";

/// @title All contracts, deployed and wired as scripts/deployment.py does it
/// @notice The settlement token is the hostile mock, so that blacklists can be part of a run. Its fee stays
/// 0.
contract System is Base {
    uint256 internal constant TIMELOCK_DELAY_S = 2 days;

    address public immutable operator = address(0x0FE1);
    address public immutable guardian = address(0x0FE2);
    address public immutable proposer = address(0x0FE3);
    address public immutable platform = address(0x0FE4);
    address public immutable network = address(0x0FE5);
    address public immutable learning = address(0x0FE6);

    HostileTokenMock public token;
    MeltingPotTimelock public timelock;
    CompensationRules public rules;
    ArtworkRegistry public registry;
    StakeToken public stake;
    RevenuePool public pool;
    GenerationMarket public market;
    TrainingRounds public rounds;
    MeltingPotGovernor public governor;
    Charter public charter;

    constructor() {
        token = new HostileTokenMock();
        // In the order of scripts/deployment.py: ORDER; the addresses that come later follow from the nonce.
        uint256 nonce = vm.getNonce(address(this));
        address[9] memory where;
        for (uint256 i = 0; i < where.length; ++i) {
            where[i] = vm.computeCreateAddress(address(this), nonce + i);
        }
        timelock = new MeltingPotTimelock(where[7], TIMELOCK_DELAY_S);
        rules = new CompensationRules(where[0], firstRules());
        registry = new ArtworkRegistry();
        stake = new StakeToken(where[6], RevenuePool(where[4]), where[5], where[0]);
        IERC20 money = IERC20(address(token));
        pool = new RevenuePool(money, stake, rules, where[5]);
        IGenerationMarket.Payees memory payees = IGenerationMarket.Payees(platform, network, learning);
        market = new GenerationMarket(money, rules, pool, where[0], operator, guardian, payees);
        rounds = new TrainingRounds(money, stake, rules, where[0], proposer);
        governor = new MeltingPotGovernor(IVotes(address(stake)), TimelockController(payable(where[0])));
        charter = new Charter(where[0]);
        vm.assertEq(address(charter), where[8], "the last contract is not where the others look for it");
    }

    /// @notice Version 1, as scripts/deployment.py: FIRST_RULES.
    function firstRules() public pure returns (ICompensationRules.Rules memory) {
        return ICompensationRules.Rules({
            artistsBps: 4_000,
            holdersBps: 3_500,
            platformBps: 1_500,
            networkBps: 500,
            learningBps: 500,
            learningMintBps: 500,
            maxCredits: 16,
            challengeWindow: 3 days,
            streamPeriod: 7 days,
            maxOrderWindow: 7 days,
            pricePerGeneration: 1e6,
            proposalBond: 100e6,
            challengeBond: 100e6,
            mintPerRound: 100_000e18
        });
    }
}
