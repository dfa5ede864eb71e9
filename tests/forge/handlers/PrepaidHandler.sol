// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PrepaidSales} from "../../../contracts/PrepaidSales.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {IPrepaidSales} from "../../../contracts/interfaces/IPrepaidSales.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";
import {SalesLedger} from "./SalesLedger.sol";

/// @title Random deposits, vouchers, settlements, withdrawals and claims of weekly credits
/// @notice Each period credits two artists: a tree of two leaves, replaced by every settlement of the period.
contract PrepaidHandler is Handler {
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );

    PrepaidSales private immutable prepaid;
    SalesLedger private immutable ledger;
    /// @notice What the ledger says of a buyer.
    mapping(address buyer => IPrepaidSales.Balance) public balances;
    mapping(address buyer => IPrepaidSales.Withdrawal) private _withdrawals;
    mapping(uint256 period => address[2]) private _artists;
    mapping(uint256 period => uint256[2]) private _credited;
    mapping(uint256 period => uint256[2]) private _claimed;
    uint256[] private _periods;
    uint256 private _nonce;

    constructor(System system_, Actors actors_, SalesLedger ledger_) Handler(system_, actors_) {
        prepaid = system_.prepaid();
        ledger = ledger_;
    }

    /// @notice Credited to artists and not paid yet, all periods.
    function creditsOwed() external view returns (uint256 sum) {
        for (uint256 n = 0; n < _periods.length; ++n) {
            uint256 p = _periods[n];
            for (uint256 i = 0; i < 2; ++i) sum += _credited[p][i] - _claimed[p][i];
        }
    }

    /// @notice No action: pays every artist of every period.
    function payAll() external internally {
        for (uint256 n = 0; n < _periods.length; ++n) {
            for (uint256 i = 0; i < 2; ++i) _claim(_periods[n], i);
        }
    }

    /// @notice Action: somebody prepays for somebody.
    function deposit(uint256 seed) external {
        address payer = actors.person(seed);
        address buyer = actors.person(seed >> 8);
        need(!token.blacklisted(payer));
        uint256 amount = within(seed >> 16, 0, 1e9);
        fund(payer, address(prepaid), amount);
        vm.prank(payer);
        prepaid.deposit(buyer, amount);
        balances[buyer].amount += uint128(amount);
    }

    /// @notice Action: a buyer prepays by an authorization that somebody else sends.
    function depositWithAuthorization(uint256 seed) external {
        address buyer = actors.person(seed);
        need(!token.blacklisted(buyer));
        uint256 amount = within(seed >> 16, 0, 1e9);
        token.mint(buyer, amount);
        bytes32 nonce = bytes32(++_nonce);
        uint256 until = now_() + 1 days;
        bytes32 content =
            keccak256(abi.encode(RECEIVE_TYPEHASH, buyer, address(prepaid), amount, 0, until, nonce));
        (uint8 v, bytes32 r, bytes32 s) = sign(buyer, typed(token.DOMAIN_SEPARATOR(), content));
        vm.prank(actors.person(seed >> 8));
        prepaid.depositWithAuthorization(buyer, amount, 0, until, nonce, v, r, s);
        balances[buyer].amount += uint128(amount);
    }

    /// @notice Action: a buyer announces a withdrawal, or takes it back.
    function announceWithdrawal(uint256 seed) external {
        address buyer = actors.person(seed);
        uint128 amount = uint128(within(seed >> 8, 0, balances[buyer].amount));
        vm.prank(buyer);
        prepaid.announceWithdrawal(amount);
        _withdrawals[buyer] = IPrepaidSales.Withdrawal(amount, amount == 0 ? 0 : uint64(now_() + 1 days));
    }

    /// @notice Action: an announced withdrawal is paid.
    function withdraw(uint256 seed) external {
        address buyer = actors.person(seed);
        IPrepaidSales.Withdrawal memory w = _withdrawals[buyer];
        need(w.availableFrom != 0 && !token.blacklisted(buyer));
        maybeWaitUntil(seed >> 8, w.availableFrom);
        need(now_() >= w.availableFrom);
        uint128 expected = w.amount < balances[buyer].amount ? w.amount : balances[buyer].amount;
        uint256 before = token.balanceOf(buyer);
        vm.assertEq(prepaid.withdraw(buyer), expected, "withdrawal");
        vm.assertEq(token.balanceOf(buyer), before + expected, "withdrawal paid");
        balances[buyer].amount -= expected;
        delete _withdrawals[buyer];
    }

    /// @notice Action: vouchers of up to three buyers are settled.
    function settle(uint256 seed) external {
        ICompensationRules rules = system.rules();
        uint32 version = uint32(within(seed >> 8, 1, rules.currentVersion()));
        ICompensationRules.Rules memory r = rules.rulesOf(version);
        uint256 end = rules.endsAt(version);
        need(now_() <= end || now_() - end <= r.maxOrderWindow);
        IPrepaidSales.Charge[] memory charges = new IPrepaidSales.Charge[](within(seed, 1, 3));
        uint256 price;
        for (uint256 i = 0; i < charges.length; ++i) {
            // Different people: each has one voucher in a settlement.
            uint256 charge;
            (charges[i], charge) = _charge(actors.person(seed % 8 + i), version, r.pricePerGeneration, mix(seed, i));
            price += charge;
        }
        uint256 period = now_() / 7 days;
        uint256 attributed = _credit(period, within(mix(seed, 9), 0, price * r.artistsBps / 10_000), seed);
        IPrepaidSales.Settlement memory settlement = IPrepaidSales.Settlement({
            rulesVersion: version,
            period: uint32(period),
            receiptsRoot: bytes32(seed | 1),
            receiptsDigest: bytes32(seed | 1),
            attributed: uint128(attributed),
            artistsRoot: _root(period),
            artistsDigest: bytes32(seed | 1)
        });
        vm.prank(system.operator());
        prepaid.settle(settlement, charges);
        ledger.shared(r, price, attributed);
    }

    /// @notice Action: an artist is paid a period's credits so far; again, nothing.
    function claim(uint256 seed) external {
        need(_periods.length != 0);
        uint256 period = _periods[seed % _periods.length];
        uint256 i = (seed >> 8) % 2;
        address payee = system.registry().payeeOf(_artists[period][i]);
        need(!token.blacklisted(payee));
        uint256 before = token.balanceOf(payee);
        uint256 expected = _credited[period][i] - _claimed[period][i];
        _claim(period, i);
        vm.assertEq(token.balanceOf(payee), before + expected, "credits paid");
    }

    function _claim(uint256 period, uint256 i) private {
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = _leaf(period, 1 - i);
        uint256 paid = prepaid.claim(period, _artists[period][i], _credited[period][i], proof);
        vm.assertEq(paid, _credited[period][i] - _claimed[period][i], "credits");
        _claimed[period][i] = _credited[period][i];
    }

    /// @dev A voucher over some generations that the buyer can pay.
    function _charge(address buyer, uint32 version, uint256 unitPrice, uint256 seed)
        private
        returns (IPrepaidSales.Charge memory c, uint256 charge)
    {
        IPrepaidSales.Balance storage b = balances[buyer];
        need(b.amount >= unitPrice);
        charge = within(seed, 1, b.amount / unitPrice) * unitPrice;
        c.buyer = buyer;
        c.from = seed % 2 == 0 ? b.spent : uint128(within(seed, 0, b.spent));
        c.to = uint128(b.spent + charge);
        c.ordersRoot = bytes32(seed);
        c.deadline = uint64(now_() + within(seed, 0, 1 days));
        c.signature = signature(buyer, prepaid.voucherDigest(version, c));
        b.amount -= uint128(charge);
        b.spent = c.to;
    }

    /// @dev Credits two artists of the period with a sum that its settlement says.
    function _credit(uint256 period, uint256 attributed, uint256 seed) private returns (uint256) {
        if (_artists[period][0] == address(0)) {
            _periods.push(period);
            _artists[period] = [actors.person(seed >> 32), actors.person((seed >> 32) + 1)];
        }
        uint256 first = within(mix(seed, 10), 0, attributed);
        _credited[period][0] += first;
        _credited[period][1] += attributed - first;
        return attributed;
    }

    function _root(uint256 period) private view returns (bytes32) {
        (bytes32 a, bytes32 b) = (_leaf(period, 0), _leaf(period, 1));
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function _leaf(uint256 period, uint256 i) private view returns (bytes32) {
        return prepaid.leafOf(period, _artists[period][i], _credited[period][i]);
    }
}
