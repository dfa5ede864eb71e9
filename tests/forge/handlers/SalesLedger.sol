// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArtworkRegistry} from "../../../contracts/ArtworkRegistry.sol";
import {GenerationMarket} from "../../../contracts/GenerationMarket.sol";
import {GenerationToken} from "../../../contracts/GenerationToken.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {IGenerationMarket} from "../../../contracts/interfaces/IGenerationMarket.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title What sales, tips and contributions owe to whom, and its random claims and changes of payees
/// @notice Kept by plain arithmetic of its own: price times bps, divided by 10,000, rounded down. The other
/// handlers tell it what was sold.
contract SalesLedger is Handler {
    GenerationMarket private immutable market;
    IGenerationMarket.Totals private _totals;
    /// @notice What the market owes an account.
    mapping(address account => uint256) public owed;

    constructor(System system_, Actors actors_) Handler(system_, actors_) {
        market = system_.market();
    }

    /// @notice What the market's totals must be, but for what the pool and the refunds say.
    function totals() external view returns (IGenerationMarket.Totals memory) {
        return _totals;
    }

    /// @notice The price of a generation under a version of the rules.
    function unitPriceOf(uint32 version) public view returns (uint256) {
        return system.rules().rulesOf(version).pricePerGeneration;
    }

    /// @notice No action: a sale with random credits, which it returns.
    function sold(uint32 version, uint256 price, uint256 seed)
        external
        internally
        returns (IGenerationMarket.Credit[] memory credits)
    {
        ICompensationRules.Rules memory r = system.rules().rulesOf(version);
        uint256 left = price * r.artistsBps / 10_000;
        uint256 count = within(seed, 0, 5);
        if (count > left) count = left;
        credits = new IGenerationMarket.Credit[](count);
        uint256 credited;
        for (uint256 i = 0; i < count; ++i) {
            // Sometimes to the last unit, and sometimes twice to the same artist.
            uint256 most = left - (count - 1 - i);
            uint256 amount = i + 1 == count && seed % 3 == 0 ? left : within(mix(seed, i), 1, most / 2 + 1);
            if (amount > most) amount = most;
            left -= amount;
            credited += amount;
            credits[i] = IGenerationMarket.Credit(actors.person(mix(seed, i + 10)), amount);
            owed[credits[i].artist] += amount;
        }
        _totals.attributed += credited;
        _divide(r, price, credited);
    }

    /// @notice No action: the parts of a sale that are not the artists'.
    function shared(ICompensationRules.Rules calldata r, uint256 price, uint256 credited) external internally {
        _divide(r, price, credited);
    }

    function _divide(ICompensationRules.Rules memory r, uint256 price, uint256 credited) private {
        uint256 platform = price * r.platformBps / 10_000;
        uint256 network = price * r.networkBps / 10_000;
        uint256 learning = price * r.learningBps / 10_000;
        _share(price - credited - platform - network - learning, platform, network, learning);
    }

    /// @notice Action: money for holders and funds that is no sale.
    function contribute(uint256 seed) external {
        address from = _served(seed);
        uint256[4] memory parts;
        uint256 sum;
        for (uint256 i = 0; i < 4; ++i) sum += parts[i] = mix(seed, i) % 3 == 0 ? 0 : within(mix(seed, i), 0, 1e7);
        fund(from, address(market), sum);
        vm.prank(from);
        market.contribute(parts[0], parts[1], parts[2], parts[3]);
        _share(parts[0], parts[1], parts[2], parts[3]);
    }

    /// @notice No action: a tip to one or two artists, which it returns.
    function tipped(uint256 seed) external internally returns (IGenerationMarket.Credit[] memory tips, uint256 sum) {
        tips = new IGenerationMarket.Credit[](within(seed, 1, 2));
        for (uint256 i = 0; i < tips.length; ++i) {
            uint256 amount = within(mix(seed, i), 1, 1e7);
            tips[i] = IGenerationMarket.Credit(actors.person(mix(seed, i + 2)), amount);
            owed[tips[i].artist] += amount;
            sum += amount;
        }
        _totals.tipped += sum;
    }

    /// @notice Action: a royalty came to the token contract; anyone passes it on to the holders.
    function passOn(uint256 seed) external {
        uint256 amount = within(seed >> 8, 0, 1e8);
        GenerationToken tokens = system.generationToken();
        token.mint(address(tokens), amount);
        vm.prank(actors.person(seed));
        tokens.passOn(token);
        _share(amount, 0, 0, 0);
    }

    /// @notice Action: other payees of the funds, now and then one for several.
    function setPayees(uint256 seed) external {
        need(seed % 4 == 0);
        address platform = actors.account(seed >> 8);
        address network = seed & 16 == 0 ? platform : actors.account(seed >> 16);
        address learning = actors.account(seed >> 24);
        vm.prank(address(system.timelock()));
        market.setPayees(platform, network, learning);
    }

    /// @notice Action: somebody wants their money elsewhere, or at home again.
    function setPayee(uint256 seed) external {
        need(seed % 4 == 0);
        address artist = actors.person(seed >> 8);
        address payee = seed & 16 == 0 ? artist : actors.account(seed >> 16);
        ArtworkRegistry registry = system.registry();
        vm.prank(artist);
        registry.setPayee(payee);
    }

    /// @notice Action: somebody's credits, tips and shares.
    function claim(uint256 seed) external {
        address[] memory all = actors.all();
        for (uint256 n = 0; n < all.length; ++n) {
            address account = all[(seed % all.length + n) % all.length];
            address payee = system.registry().payeeOf(account);
            if (owed[account] == 0 || token.blacklisted(payee)) continue;
            uint256 before = token.balanceOf(payee);
            uint256 amount = market.claim(account);
            vm.assertEq(amount, owed[account], "claim");
            vm.assertEq(token.balanceOf(payee), before + amount, "claim paid");
            _paid(account);
            return;
        }
        need(false);
    }

    /// @notice Action: everybody's, of whom the token may refuse some.
    function claimMany(uint256 seed) external {
        need(seed % 4 == 0);
        address[] memory all = actors.all();
        market.claimMany(all);
        for (uint256 i = 0; i < all.length; ++i) {
            if (!token.blacklisted(system.registry().payeeOf(all[i]))) _paid(all[i]);
        }
    }

    function _share(uint256 holders, uint256 platform, uint256 network, uint256 learning) private {
        (address toPlatform, address toNetwork, address toLearning) = market.payees();
        owed[toPlatform] += platform;
        owed[toNetwork] += network;
        owed[toLearning] += learning;
        _totals.holders += holders;
        _totals.platform += platform;
        _totals.network += network;
        _totals.learning += learning;
    }

    function _paid(address account) private {
        _totals.claimed += owed[account];
        owed[account] = 0;
    }

    function _served(uint256 seed) private view returns (address account) {
        account = actors.person(seed);
        need(!token.blacklisted(account));
    }
}
