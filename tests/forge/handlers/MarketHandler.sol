// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GenerationMarket} from "../../../contracts/GenerationMarket.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {IGenerationMarket} from "../../../contracts/interfaces/IGenerationMarket.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";
import {SalesLedger} from "./SalesLedger.sol";

/// @title Random orders, deliveries in parts and at once, and refunds
contract MarketHandler is Handler {
    /// @dev An order that waits, by the rules it was placed under.
    struct Waiting {
        IGenerationMarket.Order order;
        uint32 left; // generations
    }

    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );

    GenerationMarket private immutable market;
    SalesLedger private immutable ledger;
    Waiting[] private _open;
    bytes32[] private _delivered;
    /// @notice The price of all that waits.
    uint256 public escrowed;
    /// @notice What the ledger says a buyer is owed of refunds that the token refused.
    mapping(address buyer => uint256) public refundOwed;
    uint256 private _salt;

    constructor(System system_, Actors actors_, SalesLedger ledger_) Handler(system_, actors_) {
        market = system_.market();
        ledger = ledger_;
    }

    /// @notice Orders that are neither delivered in full nor refunded.
    function openOrders() external view returns (IGenerationMarket.Order[] memory orders) {
        orders = new IGenerationMarket.Order[](_open.length);
        for (uint256 i = 0; i < orders.length; ++i) orders[i] = _open[i].order;
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
        bytes32 permit =
            keccak256(abi.encode(PERMIT_TYPEHASH, order.buyer, address(market), price, nonce, order.deadline));
        (uint8 v, bytes32 r, bytes32 s) = sign(order.buyer, typed(token.DOMAIN_SEPARATOR(), permit));
        bytes memory signature = signature(order.buyer, market.orderId(order));
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
        (uint8 v, bytes32 r, bytes32 s) = sign(order.buyer, typed(token.DOMAIN_SEPARATOR(), authorization));
        vm.prank(actors.person(seed >> 8));
        market.requestWithAuthorization(order, 0, order.deadline, v, r, s);
        _placed(order, price);
    }

    /// @notice Action: a delivery of some or all generations with random credits.
    function fulfil(uint256 seed) external {
        uint256 i = _deliverable(seed);
        maybeWaitUntil(seed >> 8, _open[i].order.deadline);
        (IGenerationMarket.Delivery memory delivery, IGenerationMarket.Credit[] memory credits) =
            _delivery(i, mix(seed, 1));
        vm.prank(system.operator());
        market.fulfil(delivery, credits);
    }

    /// @notice Action: up to four deliveries at once, now and then two of one order.
    function fulfilMany(uint256 seed) external {
        uint256 count = within(seed >> 8, 1, 4);
        IGenerationMarket.Delivery[] memory deliveries = new IGenerationMarket.Delivery[](count);
        IGenerationMarket.Credit[] memory all = new IGenerationMarket.Credit[](20);
        uint256 used;
        for (uint256 i = 0; i < count; ++i) {
            IGenerationMarket.Credit[] memory credits;
            (deliveries[i], credits) = _delivery(_deliverable(mix(seed, i)), mix(seed, 100 + i));
            for (uint256 n = 0; n < credits.length; ++n) all[used++] = credits[n];
        }
        IGenerationMarket.Credit[] memory given = new IGenerationMarket.Credit[](used);
        for (uint256 n = 0; n < used; ++n) given[n] = all[n];
        vm.prank(system.operator());
        market.fulfilMany(deliveries, given);
    }

    /// @notice Action: a refund by anybody of what was not delivered, at the first second or later.
    function refund(uint256 seed) external {
        need(_open.length != 0);
        uint256 i = seed % _open.length;
        maybeWaitUntil(seed >> 8, uint256(_open[i].order.deadline) + 1);
        Waiting memory w = _take(_find(i, true));
        uint256 price = ledger.unitPriceOf(w.order.rulesVersion) * w.left;
        escrowed -= price;
        bool refused = token.blacklisted(w.order.buyer);
        uint256 before = token.balanceOf(w.order.buyer);
        vm.prank(actors.person(seed >> 16));
        market.refund(w.order);
        if (refused) refundOwed[w.order.buyer] += price;
        else vm.assertEq(token.balanceOf(w.order.buyer), before + price, "refund paid");
    }

    /// @notice Action: a refund that the token refused before, once it relents.
    function claimRefund(uint256 seed) external {
        address[] memory all = actors.all();
        for (uint256 n = 0; n < all.length; ++n) {
            address buyer = all[(seed % all.length + n) % all.length];
            if (refundOwed[buyer] == 0) continue;
            token.setBlacklisted(buyer, false);
            vm.assertEq(market.claimRefund(buyer), refundOwed[buyer], "claimRefund");
            refundOwed[buyer] = 0;
            return;
        }
        need(false);
    }

    /// @notice Action: somebody tips artists of a delivered order.
    function tip(uint256 seed) external {
        address tipper = actors.person(seed);
        need(_delivered.length != 0 && !token.blacklisted(tipper));
        (IGenerationMarket.Credit[] memory tips, uint256 sum) = ledger.tipped(seed >> 8);
        fund(tipper, address(market), sum);
        bytes32 id = _delivered[(seed >> 16) % _delivered.length];
        vm.prank(tipper);
        market.tip(id, tips);
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

    function _placed(IGenerationMarket.Order memory order, uint256 price) private {
        _open.push(Waiting(order, order.quantity));
        escrowed += price;
    }

    /// @dev What the operator sends about the i-th open order; the ledger learns of it.
    function _delivery(uint256 i, uint256 seed)
        private
        returns (IGenerationMarket.Delivery memory delivery, IGenerationMarket.Credit[] memory credits)
    {
        Waiting storage w = _open[i];
        uint32 quantity = seed % 3 == 0 ? uint32(within(seed >> 8, 1, w.left)) : w.left;
        uint256 price = ledger.unitPriceOf(w.order.rulesVersion) * quantity;
        escrowed -= price;
        delivery.orderId = market.orderId(w.order);
        delivery.output = IGenerationMarket.Output({
            quantity: quantity,
            outputHash: keccak256(abi.encode(seed)),
            outputDigest: bytes32(seed | 1),
            attributionDigest: bytes32(seed)
        });
        credits = ledger.sold(w.order.rulesVersion, price, seed);
        delivery.credits = credits.length;
        _delivered.push(delivery.orderId);
        w.left -= quantity;
        if (w.left == 0) _take(i);
    }

    function _deliverable(uint256 seed) private view returns (uint256) {
        need(_open.length != 0);
        return _find(seed % _open.length, false);
    }

    /// @dev The first open order from `i` on that is, or is not, past its deadline.
    function _find(uint256 i, bool late) private view returns (uint256) {
        for (uint256 n = 0; n < _open.length; ++n) {
            uint256 j = (i + n) % _open.length;
            if ((now_() > _open[j].order.deadline) == late) return j;
        }
        need(false);
        return 0;
    }

    function _take(uint256 i) private returns (Waiting memory w) {
        w = _open[i];
        _open[i] = _open[_open.length - 1];
        _open.pop();
    }
}
