// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IMarketSwitches} from "./interfaces/IMarketSwitches.sol";
import {IPrepaidSales} from "./interfaces/IPrepaidSales.sol";

/// @title What buyers have prepaid
/// @notice Money comes in by anyone for a buyer, and goes back to the buyer after NOTICE_PERIOD. Amounts are
/// in the settlement token's smallest unit.
abstract contract PrepaidBalances is IPrepaidSales, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @notice Seconds between the announcement of a withdrawal and the withdrawal: time to settle vouchers.
    uint64 public constant NOTICE_PERIOD = 1 days;

    IERC20 public immutable settlementToken;
    /// @notice The market: takes the shares, knows the operator and the pause.
    IMarketSwitches public immutable market;

    mapping(address buyer => Balance) public balanceOf;
    mapping(address buyer => Withdrawal) public withdrawalOf;

    constructor(IERC20 settlementToken_, IMarketSwitches market_) {
        settlementToken = settlementToken_;
        market = market_;
    }

    /// @notice Adds to `buyer`'s balance from the caller's approval. Anyone, unless the market is paused.
    /// Credits what arrives. Reverts BuyerRefused, NewDepositsPaused.
    function deposit(address buyer, uint256 amount) external nonReentrant {
        uint256 before = _beforeDeposit(buyer);
        settlementToken.safeTransferFrom(msg.sender, address(this), amount);
        _deposited(buyer, msg.sender, before);
    }

    /// @notice Adds to `buyer`'s balance by their ERC-3009 receiveWithAuthorization. Anyone, unless the market
    /// is paused. Reverts BuyerRefused, NewDepositsPaused.
    function depositWithAuthorization(
        address buyer,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        uint256 before = _beforeDeposit(buyer);
        IERC3009(address(settlementToken)).receiveWithAuthorization(
            buyer, address(this), amount, validAfter, validBefore, nonce, v, r, s
        );
        _deposited(buyer, buyer, before);
    }

    /// @notice Says that the caller will take `amount` of its balance back NOTICE_PERIOD seconds from now;
    /// replaces an earlier announcement, 0 takes it back. The buyer. Reverts WithdrawalRefused above the
    /// balance.
    /// @dev From now on the operator must count on the rest of the balance only (see available).
    function announceWithdrawal(uint128 amount) external {
        uint256 balance = balanceOf[msg.sender].amount;
        if (amount > balance) revert WithdrawalRefused(amount, balance);
        uint64 availableFrom = amount == 0 ? 0 : uint64(block.timestamp) + NOTICE_PERIOD;
        withdrawalOf[msg.sender] = Withdrawal(amount, availableFrom);
        emit WithdrawalAnnounced(msg.sender, amount, availableFrom);
    }

    /// @notice Pays `buyer` the announced withdrawal, or what is left of the balance if less. Anyone, once it
    /// is available. Reverts WithdrawalNotAvailable.
    function withdraw(address buyer) external nonReentrant returns (uint256 amount) {
        Withdrawal memory w = withdrawalOf[buyer];
        if (w.availableFrom == 0 || block.timestamp < w.availableFrom) {
            revert WithdrawalNotAvailable(buyer, w.availableFrom, block.timestamp);
        }
        delete withdrawalOf[buyer];
        Balance storage balance = balanceOf[buyer];
        amount = w.amount < balance.amount ? w.amount : balance.amount;
        balance.amount -= uint128(amount);
        emit Withdrawn(buyer, amount);
        settlementToken.safeTransfer(buyer, amount);
    }

    /// @notice What of `buyer`'s balance no announced withdrawal can take: vouchers are good up to this.
    function available(address buyer) external view returns (uint256) {
        (uint256 balance, uint256 announced) = (balanceOf[buyer].amount, withdrawalOf[buyer].amount);
        return balance > announced ? balance - announced : 0;
    }

    /// @return The balance of the settlement token.
    function _beforeDeposit(address buyer) private view returns (uint256) {
        if (buyer == address(0)) revert BuyerRefused(buyer);
        if (market.paused()) revert NewDepositsPaused();
        return settlementToken.balanceOf(address(this));
    }

    function _deposited(address buyer, address payer, uint256 before) private {
        uint128 amount = (settlementToken.balanceOf(address(this)) - before).toUint128();
        balanceOf[buyer].amount += amount;
        emit Deposited(buyer, payer, amount);
    }
}
