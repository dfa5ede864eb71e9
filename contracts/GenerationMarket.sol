// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MarketLedger} from "./MarketLedger.sol";
import {OrderEscrow} from "./OrderEscrow.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IPayees} from "./interfaces/IPayees.sol";
import {IRevenuePool} from "./interfaces/IRevenuePool.sol";
import {OrderWord} from "./libraries/OrderWord.sol";
import {SaleSplit} from "./libraries/SaleSplit.sol";

/// @title Paid generations: delivery, and who is owed what of each sale
/// @notice Requested, then fulfilled, at once or in parts, or refunded (see OrderEscrow). A sale is divided
/// by the shares that its order carries: attributed artists, all holders, platform, network, learning
/// contributors (see MarketLedger). Amounts are in the settlement token's smallest unit.
contract GenerationMarket is OrderEscrow {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @dev The outputs so far (OrderWord.chain) of orders delivered in part.
    mapping(bytes32 orderId => bytes32 outputs) private _delivered;

    /// @param admin The timelock: sets payees, grants and revokes the two roles.
    /// @param operator Fulfils orders. @param guardian May stop new orders, nothing else.
    constructor(
        IERC20 settlementToken_,
        ICompensationRules rules_,
        IRevenuePool pool_,
        IPayees registry_,
        address admin,
        address operator,
        address guardian,
        Payees memory payees_
    ) MarketLedger(settlementToken_, pool_, registry_, payees_) OrderEscrow(rules_) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(OPERATOR_ROLE, operator);
        _grantRole(GUARDIAN_ROLE, guardian);
    }

    /// @notice Delivers some or all generations of an order and divides their price by the order's shares.
    /// OPERATOR_ROLE, until the deadline. Reverts WrongState, DeadlinePassed, QuantityRefused, EmptyOutput,
    /// TooManyCredits, CreditsMismatch, CreditRefused, CreditsExceedShare.
    function fulfil(Delivery calldata delivery, Credit[] calldata credits)
        external
        nonReentrant
        onlyRole(OPERATOR_ROLE)
    {
        SaleSplit.Parts memory sum;
        uint256 used = _fulfil(delivery, credits, 0, sum);
        if (used != credits.length) revert CreditsMismatch(used, credits.length);
        _route(sum);
    }

    /// @notice As fulfil, for several orders at once; all or none. OPERATOR_ROLE.
    /// @param credits Those of the first delivery, then those of the second, and so on.
    function fulfilMany(Delivery[] calldata deliveries, Credit[] calldata credits)
        external
        nonReentrant
        onlyRole(OPERATOR_ROLE)
    {
        SaleSplit.Parts memory sum;
        uint256 used;
        uint256 count = deliveries.length;
        for (uint256 i = 0; i < count; ++i) used = _fulfil(deliveries[i], credits, used, sum);
        if (used != credits.length) revert CreditsMismatch(used, credits.length);
        _route(sum);
    }

    /// @notice Gives artists of a delivered order money of the caller's (by approval), whole: nothing is
    /// divided. Anyone. Reverts WrongState, CreditRefused, PaidTooLittle.
    function tip(bytes32 id, Credit[] calldata tips) external nonReentrant {
        State state = OrderWord.stateOf(_orders[id]);
        if (state != State.Fulfilled && _delivered[id] == 0) revert WrongState(id, state, State.Fulfilled);
        _tip(id, tips);
    }

    /// @notice Stops new orders; fulfilments, refunds and claims go on. GUARDIAN_ROLE.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Lets new orders in again. GUARDIAN_ROLE or DEFAULT_ADMIN_ROLE.
    function unpause() external {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(GUARDIAN_ROLE);
        _unpause();
    }

    /// @notice Whether `outputs` are all deliveries of this order so far, in their order; false without any.
    function isDelivered(bytes32 id, Output[] calldata outputs) external view returns (bool) {
        bytes32 outputsHash;
        for (uint256 i = 0; i < outputs.length; ++i) outputsHash = OrderWord.chain(outputsHash, outputs[i]);
        uint256 word = _orders[id];
        if (OrderWord.stateOf(word) == State.Fulfilled) return word == OrderWord.fulfilled(outputsHash);
        return outputs.length != 0 && _delivered[id] == outputsHash;
    }

    /// @param from Where this delivery's credits begin. @param sum Gets the parts that the caller must route.
    /// @return Where the next delivery's credits begin.
    function _fulfil(
        Delivery calldata delivery,
        Credit[] calldata credits,
        uint256 from,
        SaleSplit.Parts memory sum
    ) private returns (uint256) {
        (bytes32 id, Output calldata output) = (delivery.orderId, delivery.output);
        uint256 word = _requested(id);
        if (block.timestamp > OrderWord.deadlineOf(word)) {
            revert DeadlinePassed(OrderWord.deadlineOf(word), block.timestamp);
        }
        if (output.outputHash == 0 || output.outputDigest == 0) revert EmptyOutput(id);
        _deliver(id, word, output);
        uint256 attributed;
        if (delivery.credits != 0) {
            uint256 most = OrderWord.maxCreditsOf(word);
            if (delivery.credits > most) revert TooManyCredits(id, delivery.credits, most);
            if (delivery.credits > credits.length - from) {
                revert CreditsMismatch(from + delivery.credits, credits.length);
            }
            attributed = _credit(id, credits[from:from + delivery.credits]);
        }
        emit OrderFulfilled(id, output);
        unchecked {
            // The quantity is at most the order's: 96 and 32 bits. The number of credits was checked above.
            uint256 price = uint256(OrderWord.unitPriceOf(word)) * output.quantity;
            SaleSplit.addTo(sum, price, OrderWord.sharesOf(word), attributed);
            return from + delivery.credits;
        }
    }

    /// @dev Takes the output's generations off the order. One delivered at once writes its own slot only.
    function _deliver(bytes32 id, uint256 word, Output calldata output) private {
        uint256 left = OrderWord.quantityOf(word);
        uint256 quantity = output.quantity;
        if (quantity == 0 || quantity > left) revert QuantityRefused(quantity, left);
        bool parts = OrderWord.isInParts(word);
        bytes32 outputs = OrderWord.chain(parts ? _delivered[id] : bytes32(0), output);
        if (quantity == left) {
            _orders[id] = OrderWord.fulfilled(outputs);
            if (parts) delete _delivered[id];
        } else {
            _orders[id] = OrderWord.less(word, quantity);
            _delivered[id] = outputs;
        }
    }
}
