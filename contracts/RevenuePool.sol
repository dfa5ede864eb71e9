// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IRevenuePool} from "./interfaces/IRevenuePool.sol";
import {IStakeToken} from "./interfaces/IStakeToken.sol";
import {RevenueStream} from "./libraries/RevenueStream.sol";

/// @title The holders' part of every sale
/// @notice What the market deposits during one stream period is streamed evenly over the next to whoever
/// holds stake then; while there is no stake the clock stands still and the money waits. Cost does not depend
/// on the number of holders. Amounts are in the settlement token's smallest unit. Nothing is administered: no
/// roles, no owner.
/// @dev Conservation, exactly, at any time and for anybody to check from the views (sum over all accounts):
/// deposited * SCALE == (claimed + pending) * SCALE + sum(accruedScaled) + remainderScaled, and the
/// settlement token's balance of this contract is at least deposited - claimed.
contract RevenuePool is IRevenuePool, ReentrancyGuardTransient {
    using RevenueStream for RevenueStream.Stream;
    using SafeERC20 for IERC20;

    /// @notice Accruals are multiples of 1/SCALE of the smallest unit. With deposits below 2**128 in all,
    /// nothing overflows, and with a stake supply below 2**128 less than one unit waits undivided.
    uint256 public constant SCALE = 2 ** 128;

    struct Account {
        uint256 accrued; // earned and not claimed, scaled
        uint256 perTokenPaid; // `perToken` up to which it is settled
    }

    IERC20 public immutable settlementToken;
    IStakeToken public immutable stakeToken;
    ICompensationRules public immutable rules;
    address public immutable market;

    RevenueStream.Stream private _stream;
    uint256 private _perToken; // scaled units released to each smallest unit of stake since the beginning
    uint256 private _remainder; // scaled units released, too few to divide by the supply: carried on
    mapping(address account => Account) private _accounts;
    uint128 private _deposited;
    uint128 private _claimed;

    event RevenueDeposited(uint256 amount);
    event RevenueClaimed(address indexed account, uint256 amount);

    error NotMarket(address caller);
    error NotStakeToken(address caller);

    constructor(
        IERC20 settlementToken_,
        IStakeToken stakeToken_,
        ICompensationRules rules_,
        address market_
    ) {
        settlementToken = settlementToken_;
        stakeToken = stakeToken_;
        rules = rules_;
        market = market_;
    }

    /// @inheritdoc IRevenuePool
    /// @dev Needs the market's allowance; counts the measured balance increase. Reverts NotMarket.
    function deposit(uint256 amount) external nonReentrant {
        if (msg.sender != market) revert NotMarket(msg.sender);
        uint256 before = settlementToken.balanceOf(address(this));
        settlementToken.safeTransferFrom(msg.sender, address(this), amount);
        uint128 received = SafeCast.toUint128(settlementToken.balanceOf(address(this)) - before);

        RevenueStream.Stream memory stream = _advance();
        stream.collect(received, block.timestamp, rules);
        _stream = stream;
        _deposited += received;
        emit RevenueDeposited(received);
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
        (RevenueStream.Stream memory stream,,) = _advanced();
        return stream.waiting();
    }

    /// @notice Everything ever taken in and paid out.
    function totals() external view returns (uint256 deposited, uint256 claimed) {
        return (_deposited, _claimed);
    }

    /// @notice Earned and not claimed by `account` now, in 1/SCALE units.
    function accruedScaled(address account) public view returns (uint256) {
        (, uint256 perToken,) = _advanced();
        Account storage holder = _accounts[account];
        return holder.accrued + stakeToken.balanceOf(account) * (perToken - holder.perTokenPaid);
    }

    /// @notice Released but not yet divided among the holders now, in 1/SCALE units; always below the stake
    /// supply.
    function remainderScaled() external view returns (uint256 remainder) {
        (,, remainder) = _advanced();
    }

    /// @notice Released to each smallest unit of stake since the beginning, in 1/SCALE units.
    function perTokenScaled() external view returns (uint256 perToken) {
        (, perToken,) = _advanced();
    }

    /// @notice The present period as of now: `length` 0 when none runs.
    function streamState() external view returns (RevenueStream.Stream memory stream) {
        (stream,,) = _advanced();
    }

    /// @dev The state at the present block's time, without writing it.
    function _advanced()
        private
        view
        returns (RevenueStream.Stream memory stream, uint256 perToken, uint256 remainder)
    {
        stream = _stream;
        perToken = _perToken;
        remainder = _remainder;
        uint256 supply = stakeToken.totalSupply();
        uint256 due = stream.advance(block.timestamp, supply, rules);
        if (due != 0) {
            uint256 scaled = due * SCALE + remainder;
            perToken += scaled / supply;
            remainder = scaled % supply;
        }
    }

    /// @dev Writes what each token earned; the caller writes the returned stream, changed or not.
    function _advance() private returns (RevenueStream.Stream memory stream) {
        uint256 perToken;
        uint256 remainder;
        (stream, perToken, remainder) = _advanced();
        if (perToken != _perToken) _perToken = perToken;
        if (remainder != _remainder) _remainder = remainder;
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
        if (insist) {
            settlementToken.safeTransfer(account, amount);
        } else if (!settlementToken.trySafeTransfer(account, amount)) {
            holder.accrued += amount * SCALE;
            return 0;
        }
        _claimed += uint128(amount);
        emit RevenueClaimed(account, amount);
    }
}
