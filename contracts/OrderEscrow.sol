// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IGenerationMarket} from "./interfaces/IGenerationMarket.sol";

/// @title Paid orders, held until they are fulfilled or refunded
/// @notice The buyer's half of the market: three ways to pay, and the refund. Until its deadline an order can
/// only be fulfilled, after it only refunded, the latter by anyone. Amounts are in the settlement token's
/// smallest unit.
abstract contract OrderEscrow is IGenerationMarket, Pausable, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant ORDER_TYPEHASH = keccak256(
        "Order(address buyer,uint256 maxPrice,uint32 quantity,bytes32 promptHash,bytes32 modelDigest,"
        "uint32 rulesVersion,uint64 deadline,uint256 salt)"
    );

    IERC20 public immutable settlementToken;
    ICompensationRules public immutable rules;

    /// @notice The state of an order by its id.
    mapping(bytes32 orderId => State) public stateOf;
    /// @notice Refunds that the token refused to transfer; claimRefund(buyer) pays them.
    mapping(address buyer => uint256) public refundOwed;
    uint128 internal _received;
    uint128 internal _refunded;

    constructor(IERC20 settlementToken_, ICompensationRules rules_)
        EIP712("MeltingPot GenerationMarket", "1")
    {
        settlementToken = settlementToken_;
        rules = rules_;
    }

    /// @notice Pays for `order` from the buyer's approval. The buyer only. Reverts NotBuyer, as _open says,
    /// and PaidTooLittle when the token delivers less than the price.
    function request(Order calldata order) external whenNotPaused nonReentrant {
        if (msg.sender != order.buyer) revert NotBuyer(msg.sender, order.buyer);
        (, uint256 price, uint256 balance) = _open(order);
        settlementToken.safeTransferFrom(order.buyer, address(this), price);
        _escrow(price, balance);
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
        (bytes32 id, uint256 price, uint256 balance) = _open(order);
        address buyer = order.buyer;
        if (msg.sender != buyer && !SignatureChecker.isValidSignatureNow(buyer, id, orderSignature)) {
            revert BadOrderSignature(id, buyer);
        }
        // Whether there is an allowance in the end is what the transfer finds out.
        IERC20Permit token = IERC20Permit(address(settlementToken));
        try token.permit(buyer, address(this), price, permitDeadline, v, r, s) {} catch {}
        settlementToken.safeTransferFrom(buyer, address(this), price);
        _escrow(price, balance);
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
        (bytes32 id, uint256 price, uint256 balance) = _open(order);
        IERC3009(address(settlementToken)).receiveWithAuthorization(
            order.buyer, address(this), price, validAfter, validBefore, id, v, r, s
        );
        _escrow(price, balance);
    }

    /// @notice Gives the price of an undelivered order back to its buyer. Anyone, after the deadline. When
    /// the token refuses the transfer the refund is owed (claimRefund). Reverts WrongState,
    /// DeadlineNotPassed.
    function refund(Order calldata order) external nonReentrant {
        bytes32 id = orderId(order);
        _move(id, State.Requested, State.Refunded);
        if (block.timestamp <= order.deadline) revert DeadlineNotPassed(order.deadline, block.timestamp);
        uint256 price = priceOf(order);
        _refunded += SafeCast.toUint128(price);
        emit OrderRefunded(id, order.buyer, price);
        if (!settlementToken.trySafeTransfer(order.buyer, price)) {
            refundOwed[order.buyer] += price;
            emit RefundDeferred(id, order.buyer, price);
        }
    }

    /// @notice Pays `buyer` the refunds that could not be transferred before, to itself. Anyone.
    /// @return amount Paid; 0 when nothing was owed.
    function claimRefund(address buyer) external nonReentrant returns (uint256 amount) {
        amount = refundOwed[buyer];
        if (amount == 0) return 0;
        refundOwed[buyer] = 0;
        emit RefundClaimed(buyer, amount);
        settlementToken.safeTransfer(buyer, amount);
    }

    /// @notice The order's id: its EIP-712 digest in this contract's domain, which is also the ERC-3009
    /// nonce.
    function orderId(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    /// @notice What the order costs under its rules version. Reverts UnknownVersion.
    function priceOf(Order calldata order) public view returns (uint256) {
        return _priceOf(order, rules.rulesOf(order.rulesVersion));
    }

    function _priceOf(Order calldata order, ICompensationRules.Rules memory r)
        internal
        pure
        returns (uint256)
    {
        return uint256(r.pricePerGeneration) * order.quantity;
    }

    /// @dev Takes an order from one state to the next. Reverts WrongState.
    function _move(bytes32 id, State from, State to) internal {
        State state = stateOf[id];
        if (state != from) revert WrongState(id, state, from);
        stateOf[id] = to;
    }

    /// @dev Checks a new order and marks it requested, before any money moves. Reverts WrongState,
    /// StaleRules, NoQuantity, PriceAboveMax, DeadlineOutOfRange.
    /// @return id The order's id. @return price To be paid. @return balance This contract's, before payment.
    function _open(Order calldata order) private returns (bytes32 id, uint256 price, uint256 balance) {
        id = orderId(order);
        _move(id, State.None, State.Requested);
        uint32 version = rules.currentVersion();
        if (order.rulesVersion != version) revert StaleRules(order.rulesVersion, version);
        if (order.quantity == 0) revert NoQuantity();
        ICompensationRules.Rules memory r = rules.rulesOf(version);
        price = _priceOf(order, r);
        if (price > order.maxPrice) revert PriceAboveMax(price, order.maxPrice);
        uint256 latest = block.timestamp + r.maxOrderWindow;
        if (order.deadline <= block.timestamp || order.deadline > latest) {
            revert DeadlineOutOfRange(order.deadline, block.timestamp, latest);
        }
        emit OrderRequested(id, order.buyer, price, order);
        balance = settlementToken.balanceOf(address(this));
    }

    /// @dev Counts the price as received, once the balance shows it.
    function _escrow(uint256 price, uint256 balance) private {
        uint256 paid = settlementToken.balanceOf(address(this)) - balance;
        if (paid < price) revert PaidTooLittle(paid, price);
        _received += SafeCast.toUint128(price);
    }
}
