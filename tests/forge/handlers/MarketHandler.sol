// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GenerationMarket} from "../../../contracts/GenerationMarket.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {IGenerationMarket} from "../../../contracts/interfaces/IGenerationMarket.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title Random orders, deliveries, refunds and claims at the market
/// @notice Its ledger is kept by plain arithmetic of its own: price times bps, divided by 10,000, rounded
/// down.
contract MarketHandler is Handler {
    struct Ledger {
        uint256 received;
        uint256 attributed;
        uint256 holders;
        uint256 learning;
        uint256 platform;
        uint256 network;
        uint256 refunded;
        uint256 claimed;
        uint256 escrowed;
    }

    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );

    GenerationMarket private immutable market;
    Ledger private _ledger;
    IGenerationMarket.Order[] private _open;
    /// @notice What the ledger says an account is owed.
    mapping(address account => uint256) public owed;
    /// @notice What the ledger says a buyer is owed of refunds that the token refused.
    mapping(address account => uint256) public refundOwed;
    uint256 private _salt;

    constructor(System system_, Actors actors_) Handler(system_, actors_) {
        market = system_.market();
    }

    /// @notice The ledger.
    function ledger() external view returns (Ledger memory) {
        return _ledger;
    }

    /// @notice Orders that are neither delivered nor refunded.
    function openOrders() external view returns (IGenerationMarket.Order[] memory) {
        return _open;
    }

    /// @notice Action: an order by approval.
    function request(uint256 seed) external {
        (IGenerationMarket.Order memory order, uint256 price) = _order(seed);
        fund(order.buyer, address(market), price);
        vm.prank(order.buyer);
        market.request(order);
        _placed(order, price);
    }

    /// @notice Action: an order by permit, sent by anybody.
    function requestWithPermit(uint256 seed) external {
        (IGenerationMarket.Order memory order, uint256 price) = _order(seed);
        token.mint(order.buyer, price);
        uint256 nonce = token.nonces(order.buyer);
        bytes32 permit = keccak256(
            abi.encode(PERMIT_TYPEHASH, order.buyer, address(market), price, nonce, order.deadline)
        );
        (uint8 v, bytes32 r, bytes32 s) = _sign(order.buyer, typed(token.DOMAIN_SEPARATOR(), permit));
        bytes memory signature = _signature(order.buyer, market.orderId(order));
        vm.prank(actors.person(seed >> 8));
        market.requestWithPermit(order, order.deadline, v, r, s, signature);
        _placed(order, price);
    }

    /// @notice Action: an order by an ERC-3009 authorization whose nonce is the order's id, sent by anybody.
    function requestWithAuthorization(uint256 seed) external {
        (IGenerationMarket.Order memory order, uint256 price) = _order(seed);
        token.mint(order.buyer, price);
        bytes32 id = market.orderId(order);
        bytes32 authorization = keccak256(
            abi.encode(RECEIVE_TYPEHASH, order.buyer, address(market), price, 0, order.deadline, id)
        );
        (uint8 v, bytes32 r, bytes32 s) = _sign(order.buyer, typed(token.DOMAIN_SEPARATOR(), authorization));
        vm.prank(actors.person(seed >> 8));
        market.requestWithAuthorization(order, 0, order.deadline, v, r, s);
        _placed(order, price);
    }

    /// @notice Action: a delivery with random credits.
    function fulfil(uint256 seed) external {
        IGenerationMarket.Order memory order = _takeDeliverable(seed);
        maybeWaitUntil(seed >> 8, order.deadline);
        IGenerationMarket.Fulfilment memory f = _fulfilment(order, mix(seed, 1));
        vm.prank(system.operator());
        market.fulfil(order, f);
    }

    /// @notice Action: up to four deliveries at once.
    function fulfilMany(uint256 seed) external {
        uint256 count = within(seed >> 8, 1, 4);
        IGenerationMarket.Order[] memory orders = new IGenerationMarket.Order[](count);
        IGenerationMarket.Fulfilment[] memory fulfilments = new IGenerationMarket.Fulfilment[](count);
        for (uint256 i = 0; i < count; ++i) {
            orders[i] = _takeDeliverable(mix(seed, i));
            fulfilments[i] = _fulfilment(orders[i], mix(seed, 100 + i));
        }
        vm.prank(system.operator());
        market.fulfilMany(orders, fulfilments);
    }

    /// @notice Action: a refund by anybody, at the first second or later.
    function refund(uint256 seed) external {
        need(_open.length != 0);
        uint256 i = seed % _open.length;
        maybeWaitUntil(seed >> 8, uint256(_open[i].deadline) + 1);
        i = _find(i, true);
        IGenerationMarket.Order memory order = _take(i);
        uint256 price = _price(order);
        _ledger.escrowed -= price;
        _ledger.refunded += price;
        bool refused = token.blacklisted(order.buyer);
        uint256 before = token.balanceOf(order.buyer);
        vm.prank(actors.person(seed >> 16));
        market.refund(order);
        if (refused) refundOwed[order.buyer] += price;
        else vm.assertEq(token.balanceOf(order.buyer), before + price, "refund paid");
    }

    /// @notice Action: a refund that the token refused before, once it relents.
    function claimRefund(uint256 seed) external {
        address buyer = _pick(seed, true);
        if (token.blacklisted(buyer)) token.setBlacklisted(buyer, false);
        uint256 amount = market.claimRefund(buyer);
        vm.assertEq(amount, refundOwed[buyer], "claimRefund");
        refundOwed[buyer] = 0;
    }

    /// @notice Action: somebody's credits and shares.
    function claim(uint256 seed) external {
        address account = _pick(seed, false);
        uint256 before = token.balanceOf(account);
        uint256 amount = market.claim(account);
        vm.assertEq(amount, owed[account], "claim");
        vm.assertEq(token.balanceOf(account), before + amount, "claim paid");
        _ledger.claimed += amount;
        owed[account] = 0;
    }

    /// @notice Action: everybody's, of whom the token may refuse some.
    function claimMany(uint256 seed) external {
        need(seed % 4 == 0);
        address[] memory all = actors.all();
        market.claimMany(all);
        for (uint256 i = 0; i < all.length; ++i) {
            if (token.blacklisted(all[i])) continue;
            _ledger.claimed += owed[all[i]];
            owed[all[i]] = 0;
        }
    }

    /// @dev An order that the market must take: under the rules in force, of a buyer that the token serves.
    function _order(uint256 seed) private returns (IGenerationMarket.Order memory order, uint256 price) {
        address buyer = actors.person(seed);
        need(!token.blacklisted(buyer));
        uint32 version = system.rules().currentVersion();
        ICompensationRules.Rules memory r = system.rules().rulesOf(version);
        uint32 quantity = uint32(within(seed >> 16, 1, seed % 5 == 0 ? 1000 : 3));
        price = uint256(r.pricePerGeneration) * quantity;
        order = IGenerationMarket.Order({
            buyer: buyer,
            maxPrice: price + (seed >> 32) % 3,
            quantity: quantity,
            promptHash: bytes32(seed),
            modelDigest: keccak256("model"),
            rulesVersion: version,
            deadline: uint64(now_() + within(seed >> 48, 1, r.maxOrderWindow)),
            salt: ++_salt
        });
    }

    function _sign(address who, bytes32 digest) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(actors.keyOf(who), digest);
    }

    function _signature(address who, bytes32 digest) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = _sign(who, digest);
        return abi.encodePacked(r, s, v);
    }

    function _placed(IGenerationMarket.Order memory order, uint256 price) private {
        _open.push(order);
        _ledger.received += price;
        _ledger.escrowed += price;
    }

    /// @dev What the operator sends, and what the ledger expects of it.
    function _fulfilment(IGenerationMarket.Order memory order, uint256 seed)
        private
        returns (IGenerationMarket.Fulfilment memory f)
    {
        ICompensationRules.Rules memory r = system.rules().rulesOf(order.rulesVersion);
        uint256 price = _price(order);
        uint256 left = price * r.artistsBps / 10_000;
        uint256 count = within(seed, 0, 5);
        if (count > left) count = left;
        f.outputHash = keccak256(abi.encode(seed));
        f.outputDigest = bytes32(seed | 1);
        f.attributionDigest = bytes32(seed);
        f.credits = new IGenerationMarket.Credit[](count);
        uint256 credited;
        for (uint256 i = 0; i < count; ++i) {
            // Sometimes to the last unit, and sometimes twice to the same artist.
            uint256 most = left - (count - 1 - i);
            uint256 amount = i + 1 == count && seed % 3 == 0 ? left : within(mix(seed, i), 1, most / 2 + 1);
            if (amount > most) amount = most;
            left -= amount;
            credited += amount;
            f.credits[i] = IGenerationMarket.Credit(actors.person(mix(seed, i + 10)), amount);
            owed[f.credits[i].artist] += amount;
        }
        _divide(price, credited, r);
    }

    function _divide(uint256 price, uint256 credited, ICompensationRules.Rules memory r) private {
        uint256 platform = price * r.platformBps / 10_000;
        uint256 network = price * r.networkBps / 10_000;
        uint256 learning = price * r.learningBps / 10_000;
        owed[system.platform()] += platform;
        owed[system.network()] += network;
        owed[system.learning()] += learning;
        _ledger.attributed += credited;
        _ledger.platform += platform;
        _ledger.network += network;
        _ledger.learning += learning;
        _ledger.holders += price - credited - platform - network - learning;
        _ledger.escrowed -= price;
    }

    function _price(IGenerationMarket.Order memory order) private view returns (uint256) {
        return uint256(system.rules().rulesOf(order.rulesVersion).pricePerGeneration) * order.quantity;
    }

    function _takeDeliverable(uint256 seed) private returns (IGenerationMarket.Order memory) {
        need(_open.length != 0);
        return _take(_find(seed % _open.length, false));
    }

    /// @dev The first open order from `i` on that is, or is not, past its deadline.
    function _find(uint256 i, bool late) private view returns (uint256) {
        for (uint256 n = 0; n < _open.length; ++n) {
            uint256 j = (i + n) % _open.length;
            if ((now_() > _open[j].deadline) == late) return j;
        }
        need(false);
        return 0;
    }

    function _take(uint256 i) private returns (IGenerationMarket.Order memory order) {
        order = _open[i];
        _open[i] = _open[_open.length - 1];
        _open.pop();
    }

    /// @dev Somebody whom a refund is owed, or to whom other money is owed that the token would pay.
    function _pick(uint256 seed, bool refunds) private view returns (address) {
        for (uint256 n = 0; n < 12; ++n) {
            address account = actors.account(seed % 12 + n);
            uint256 amount = refunds ? refundOwed[account] : owed[account];
            if (amount != 0 && (refunds || !token.blacklisted(account))) return account;
        }
        need(false);
        return address(0);
    }
}
