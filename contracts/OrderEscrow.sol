// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MarketLedger} from "./MarketLedger.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {OrderWord} from "./libraries/OrderWord.sol";
import {SaleSplit} from "./libraries/SaleSplit.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Paid orders, held until they are fulfilled or refunded
/// @notice The buyer's half of the market: three ways to pay, and the refund. Until its deadline an order can
/// only be fulfilled, after it only refunded, the latter by anyone. Amounts are in the settlement token's
/// smallest unit.
abstract contract OrderEscrow is MarketLedger, Pausable, EIP712 {
    bytes32 public constant ORDER_TYPEHASH = keccak256(
        "Order(address buyer,uint256 maxPrice,uint32 quantity,bytes32 promptHash,bytes32 modelDigest,"
        "uint32 rulesVersion,uint64 deadline,uint256 salt)"
    );

    ICompensationRules public immutable rules;

    /// @notice Refunds that the token refused to transfer; claimRefund(buyer) pays them.
    mapping(address buyer => uint256) public refundOwed;
    /// @dev One slot an order, see OrderWord; 0 for an order unknown or refunded.
    mapping(bytes32 orderId => uint256 word) internal _orders;

    constructor(ICompensationRules rules_) EIP712("MeltingPot GenerationMarket", "1") {
        rules = rules_;
    }

    /// @notice Pays for `order` from the buyer's approval. The buyer only. Reverts NotBuyer, as _open says,
    /// and PaidTooLittle when the token delivers less than the price.
    function request(Order calldata order) external whenNotPaused nonReentrant {
        if (msg.sender != order.buyer) revert NotBuyer(msg.sender, order.buyer);
        (, uint256 price) = _open(order);
        _takeFrom(order.buyer, price);
    }

    /// @notice Pays for `order` by the buyer's ERC-2612 permit over exactly the price. Anyone who has the
    /// buyer's signature over the order id (ECDSA or EIP-1271); the buyer needs none. A permit that somebody
    /// else has sent already does no harm. Reverts BadOrderSignature, as _open says, PaidTooLittle.
    function requestWithPermit(
        Order calldata order,
        uint256 permitDeadline,
        uint8 v,
        bytes32 r,
        bytes32 s,
        bytes calldata orderSignature
    ) external whenNotPaused nonReentrant {
        (bytes32 id, uint256 price) = _open(order);
        address buyer = order.buyer;
        if (msg.sender != buyer && !Signatures.isOf(buyer, id, orderSignature)) {
            revert BadOrderSignature(id, buyer);
        }
        // Whether there is an allowance in the end is what the transfer finds out.
        IERC20Permit token = IERC20Permit(address(settlementToken));
        try token.permit(buyer, address(this), price, permitDeadline, v, r, s) {} catch {}
        _takeFrom(buyer, price);
    }

    /// @notice Pays for `order` by the buyer's ERC-3009 receiveWithAuthorization over the price, whose nonce
    /// is the order id: one signature binds the money to the job. Anyone. Reverts as _open says,
    /// PaidTooLittle.
    function requestWithAuthorization(
        Order calldata order,
        uint256 validAfter,
        uint256 validBefore,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external whenNotPaused nonReentrant {
        (bytes32 id, uint256 price) = _open(order);
        uint256 balance = settlementToken.balanceOf(address(this));
        IERC3009(address(settlementToken)).receiveWithAuthorization(
            order.buyer, address(this), price, validAfter, validBefore, id, v, r, s
        );
        _checkPaid(balance, price);
    }

    /// @notice Gives the price of what was not delivered back to the order's buyer. Anyone, after the
    /// deadline. When the token refuses the transfer the refund is owed (claimRefund). Reverts WrongState,
    /// DeadlineNotPassed.
    function refund(Order calldata order) external nonReentrant {
        bytes32 id = orderId(order);
        uint256 word = _requested(id);
        uint256 deadline = OrderWord.deadlineOf(word);
        if (block.timestamp <= deadline) revert DeadlineNotPassed(deadline, block.timestamp);
        uint256 price = uint256(OrderWord.unitPriceOf(word)) * OrderWord.quantityOf(word);
        // With its deadline passed the order cannot be requested again, so nothing needs to be remembered.
        delete _orders[id];
        emit OrderRefunded(id, order.buyer, price);
        if (!_pay(order.buyer, price, false)) {
            refundOwed[order.buyer] += price;
            _sums.refundsOwed += uint128(price);
            emit RefundDeferred(id, order.buyer, price);
        }
    }

    /// @notice Pays `buyer` the refunds that could not be transferred before, to itself. Anyone.
    /// @return amount Paid; 0 when nothing was owed.
    function claimRefund(address buyer) external nonReentrant returns (uint256 amount) {
        amount = refundOwed[buyer];
        if (amount == 0) return 0;
        refundOwed[buyer] = 0;
        _sums.refundsOwed -= uint128(amount);
        emit RefundClaimed(buyer, amount);
        _pay(buyer, amount, true);
    }

    /// @notice The order's id: its EIP-712 digest in this contract's domain, which is also the ERC-3009
    /// nonce.
    function orderId(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    /// @notice What the order costs under its rules version. Reverts UnknownVersion.
    function priceOf(Order calldata order) external view returns (uint256) {
        return uint256(rules.saleTermsOf(order.rulesVersion).unitPrice) * order.quantity;
    }

    /// @notice The state of an order.
    function stateOf(bytes32 id) external view returns (State) {
        return OrderWord.stateOf(_orders[id]);
    }

    /// @notice What is left to deliver of an order that waits, and its terms; zeros for any other.
    function termsOf(bytes32 id) external view returns (OrderWord.Terms memory terms) {
        uint256 word = _orders[id];
        if (OrderWord.stateOf(word) == State.Requested) return OrderWord.unpack(word);
    }

    /// @dev The slot of an order that waits. Reverts WrongState.
    function _requested(bytes32 id) internal view returns (uint256 word) {
        word = _orders[id];
        if (uint8(word) != uint8(State.Requested)) {
            revert WrongState(id, OrderWord.stateOf(word), State.Requested);
        }
    }

    /// @dev Checks a new order and marks it requested, before any money moves. Reverts WrongState,
    /// StaleRules, QuantityRefused, PriceAboveMax, DeadlineOutOfRange.
    /// @return id The order's id. @return price To be paid.
    function _open(Order calldata order) private returns (bytes32 id, uint256 price) {
        id = orderId(order);
        if (_orders[id] != 0) revert WrongState(id, OrderWord.stateOf(_orders[id]), State.None);
        (uint32 version, ICompensationRules.SaleTerms memory r) = rules.saleTerms();
        if (order.rulesVersion != version) revert StaleRules(order.rulesVersion, version);
        if (order.quantity == 0) revert QuantityRefused(0, type(uint32).max);
        price = uint256(r.unitPrice) * order.quantity;
        if (price > order.maxPrice) revert PriceAboveMax(price, order.maxPrice);
        uint256 latest = block.timestamp + r.maxOrderWindow;
        if (order.deadline <= block.timestamp || order.deadline > latest) {
            revert DeadlineOutOfRange(order.deadline, block.timestamp, latest);
        }
        _orders[id] = OrderWord.pack(
            OrderWord.Terms({
                state: State.Requested,
                maxCredits: r.maxCredits,
                shares: SaleSplit.pack(r.artistsBps, r.platformBps, r.networkBps, r.learningBps),
                quantity: order.quantity,
                deadline: uint40(order.deadline),
                unitPrice: r.unitPrice,
                parts: false
            })
        );
        emit OrderRequested(id, order.buyer, price, order);
    }
}
