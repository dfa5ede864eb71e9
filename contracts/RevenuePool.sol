// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IMarketLedger} from "./interfaces/IMarketLedger.sol";
import {IRevenuePool} from "./interfaces/IRevenuePool.sol";
import {IStakeToken} from "./interfaces/IStakeToken.sol";
import {RevenueStream} from "./libraries/RevenueStream.sol";

/// @title The holders' part of every sale
/// @notice What comes in during one stream period is streamed evenly over the next to whoever holds stake
/// then; while there is no stake the clock stands still and the money waits. Cost does not depend on the
/// number of holders. The money itself lies in the market, which pays out what this contract says. Amounts
/// are in the settlement token's smallest unit. Nothing is administered: no roles, no owner.
/// @dev Conservation, exactly, at any time and for anybody to check from the views (sum over all accounts):
/// deposited * SCALE == (claimed + pending) * SCALE + sum(accruedScaled) + remainderScaled, and the market
/// holds deposited - claimed for the holders (MarketLedger.totals).
contract RevenuePool is IRevenuePool, ReentrancyGuardTransient {
    using RevenueStream for RevenueStream.Stream;

    /// @notice Accruals are multiples of 1/SCALE of the smallest unit. With deposits below 2**128 in all
    /// nothing overflows, and less than one unit waits undivided: the stake supply is below 2**128.
    uint256 public constant SCALE = 2 ** 128;

    struct Account {
        uint256 accrued; // earned and not claimed, scaled
        uint256 perTokenPaid; // `perToken` up to which it is settled
    }

    IStakeToken public immutable stakeToken;
    ICompensationRules public immutable rules;
    IMarketLedger public immutable market;

    RevenueStream.Stream private _stream;
    uint256 private _perToken; // scaled units released to each smallest unit of stake since the beginning
    mapping(address account => Account) private _accounts;
    uint256 private _claimed;

    /// @notice The market holds `amount` more for the holders.
    event RevenueDeposited(uint256 amount);
    /// @notice `amount` was paid to `account`.
    event RevenueClaimed(address indexed account, uint256 amount);

    /// @notice Only the market tells what came in.
    error NotMarket(address caller);
    /// @notice Only the stake token settles.
    error NotStakeToken(address caller);

    constructor(IStakeToken stakeToken_, ICompensationRules rules_, IMarketLedger market_) {
        stakeToken = stakeToken_;
        rules = rules_;
        market = market_;
    }

    /// @inheritdoc IRevenuePool
    /// @dev Reverts NotMarket.
    function notify(uint256 amount) external {
        if (msg.sender != address(market)) revert NotMarket(msg.sender);
        if (!_stream.isWithin(block.timestamp)) {
            RevenueStream.Stream memory stream = _advance();
            stream.begin(block.timestamp, rules);
            _stream = stream;
        }
        _stream.deposited += SafeCast.toUint128(amount);
        emit RevenueDeposited(amount);
    }

    /// @inheritdoc IRevenuePool
    /// @dev The zero address (the outer side of a mint or burn) is skipped. Reverts NotStakeToken.
    function settle(address from, address to) external {
        if (msg.sender != address(stakeToken)) revert NotStakeToken(msg.sender);
        _stream = _advance();
        if (from != address(0)) _settle(from);
        if (to != address(0)) _settle(to);
    }

    /// @notice Pays `account` what it earned, to itself. Anyone may call. Fractions of a unit stay with the
    /// account.
    /// @return amount Paid; 0 when there was nothing.
    function claim(address account) external nonReentrant returns (uint256 amount) {
        _stream = _advance();
        amount = _claim(account, true);
    }

    /// @notice Pays each of `accounts` what it earned, but leaves out those to whom the token refuses a
    /// transfer: one blacklisted account must not hold up a batch. Anyone may call; the caller bounds the
    /// list.
    function claimMany(address[] calldata accounts) external nonReentrant {
        _stream = _advance();
        for (uint256 i = 0; i < accounts.length; ++i) _claim(accounts[i], false);
    }

    /// @notice What claim(account) would pay now.
    function claimable(address account) external view returns (uint256) {
        return accruedScaled(account) / SCALE;
    }

    /// @notice Deposited but not yet streamed: the rest of this period's stream and all of the next.
    function pending() external view returns (uint256) {
        (RevenueStream.Stream memory stream,) = _advanced();
        return stream.waiting();
    }

    /// @notice All that ever came in.
    function deposited() external view returns (uint256) {
        return _stream.deposited;
    }

    /// @notice All that was ever paid out.
    function claimed() external view returns (uint256) {
        return _claimed;
    }

    /// @notice Earned and not claimed by `account` now, in 1/SCALE units.
    function accruedScaled(address account) public view returns (uint256) {
        (, uint256 perToken) = _advanced();
        Account storage holder = _accounts[account];
        return holder.accrued + stakeToken.balanceOf(account) * (perToken - holder.perTokenPaid);
    }

    /// @notice Released but not yet divided among the holders now, in 1/SCALE units; always below the stake
    /// supply.
    function remainderScaled() external view returns (uint256) {
        (RevenueStream.Stream memory stream,) = _advanced();
        return stream.remainder;
    }

    /// @notice Released to each smallest unit of stake since the beginning, in 1/SCALE units.
    function perTokenScaled() external view returns (uint256 perToken) {
        (, perToken) = _advanced();
    }

    /// @notice The present period as of now: `length` 0 when none runs.
    function streamState() external view returns (RevenueStream.Stream memory stream) {
        (stream,) = _advanced();
    }

    /// @dev The state at the present block's time, without writing it.
    function _advanced()
        private
        view
        returns (RevenueStream.Stream memory stream, uint256 perToken)
    {
        stream = _stream;
        perToken = _perToken;
        uint256 supply = stakeToken.totalSupply();
        uint256 due = stream.advance(block.timestamp, supply, rules);
        if (due != 0) {
            uint256 scaled = due * SCALE + stream.remainder;
            perToken += scaled / supply;
            // Below the supply, which the stake token keeps below 2**128.
            stream.remainder = uint128(scaled % supply);
        }
    }

    /// @dev Writes what each token earned; the caller writes the returned stream, changed or not.
    function _advance() private returns (RevenueStream.Stream memory stream) {
        uint256 perToken;
        (stream, perToken) = _advanced();
        if (perToken != _perToken) _perToken = perToken;
    }

    function _settle(address account) private returns (Account storage holder) {
        holder = _accounts[account];
        uint256 perToken = _perToken;
        uint256 paid = holder.perTokenPaid;
        if (perToken == paid) return holder;
        uint256 balance = stakeToken.balanceOf(account);
        if (balance != 0) holder.accrued += balance * (perToken - paid);
        holder.perTokenPaid = perToken;
    }

    /// @param insist Whether a refused transfer reverts; else the amount stays earned. Callers hold the
    /// guard.
    function _claim(address account, bool insist) private returns (uint256 amount) {
        Account storage holder = _settle(account);
        amount = holder.accrued / SCALE;
        if (amount == 0) return 0;
        holder.accrued -= amount * SCALE;
        if (!market.payHolder(account, amount, insist)) {
            holder.accrued += amount * SCALE;
            return 0;
        }
        _claimed += amount;
        emit RevenueClaimed(account, amount);
    }
}
