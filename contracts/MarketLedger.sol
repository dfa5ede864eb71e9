// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IGenerationMarket} from "./interfaces/IGenerationMarket.sol";
import {IMarketLedger} from "./interfaces/IMarketLedger.sol";
import {IPayees} from "./interfaces/IPayees.sol";
import {IRevenuePool} from "./interfaces/IRevenuePool.sol";
import {SaleSplit} from "./libraries/SaleSplit.sol";

/// @title What the market owes: to artists, to the three funds and to all holders
/// @notice Nobody is pushed money; anyone may trigger a payment for anyone. The holders' money lies here until
/// the revenue pool, which knows whose it is, has it paid out. Amounts are in the settlement token's smallest
/// unit.
/// @dev A sale writes one slot for holders and funds together (Funds); whose the funds' shares are is
/// settled when a payee claims or changes.
abstract contract MarketLedger is IGenerationMarket, IMarketLedger, AccessControl, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev 64 bits are 18 * 10**12 whole units of a token with six decimals, each.
    struct Funds {
        uint64 holders; // not paid out yet
        uint64 platform; // not settled to its payee yet, as the next two
        uint64 network;
        uint64 learning;
    }

    struct Owed {
        uint128 amount;
        bool isFund; // whether the account is one of the three payees
    }

    struct Sums {
        uint128 attributed;
        uint128 claimed;
        uint128 tipped;
        uint128 refundsOwed;
        uint128 platform; // settled to payees, as the next two
        uint128 network;
        uint128 learning;
    }

    /// @inheritdoc IMarketLedger
    IERC20 public immutable settlementToken;
    IRevenuePool public immutable pool;
    /// @notice The registry: knows where artists want their money.
    IPayees public immutable registry;

    /// @notice Who is owed the platform, network and learning shares of sales from now on.
    Payees public payees;
    Sums internal _sums;
    Funds private _funds;
    mapping(address account => Owed) private _owed;

    constructor(IERC20 settlementToken_, IRevenuePool pool_, IPayees registry_, Payees memory payees_) {
        settlementToken = settlementToken_;
        pool = pool_;
        registry = registry_;
        _setPayees(payees_);
    }

    /// @notice Pays what `account` is owed from credits, tips and shares to its payee. Anyone. Reverts
    /// PayeeRefused when the payee is this contract.
    /// @return amount Paid; 0 when nothing was owed.
    function claim(address account) external nonReentrant returns (uint256 amount) {
        amount = _claim(account, true);
    }

    /// @notice As claim, for each of `accounts`, but leaves out those to whom the token refuses a transfer:
    /// one blacklisted account must not hold up a batch. Anyone; the caller bounds the list.
    function claimMany(address[] calldata accounts) external nonReentrant {
        for (uint256 i = 0; i < accounts.length; ++i) _claim(accounts[i], false);
    }

    /// @inheritdoc IMarketLedger
    /// @dev Reverts PaidTooLittle.
    function contribute(uint256 holders, uint256 platform, uint256 network, uint256 learning)
        external
        nonReentrant
    {
        _takeFrom(msg.sender, holders + platform + network + learning);
        _route(SaleSplit.Parts(holders, platform, network, learning));
        emit SharesContributed(msg.sender, holders, platform, network, learning);
    }

    /// @inheritdoc IMarketLedger
    /// @dev Reverts NotPool.
    function payHolder(address holder, uint256 amount, bool insist)
        external
        nonReentrant
        returns (bool paid)
    {
        if (msg.sender != address(pool)) revert NotPool(msg.sender);
        _funds.holders -= amount.toUint64();
        paid = _pay(holder, amount, insist);
        if (!paid) _funds.holders += uint64(amount);
    }

    /// @notice Names who gets the platform, network and learning shares of later sales. DEFAULT_ADMIN_ROLE
    /// (timelock). Reverts PayeeRefused.
    function setPayees(address platform, address network, address learning)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        _settleShares();
        _owed[payees.platform].isFund = false;
        _owed[payees.network].isFund = false;
        _owed[payees.learning].isFund = false;
        _setPayees(Payees(platform, network, learning));
    }

    /// @notice What claim(account) would pay now.
    function owed(address account) external view returns (uint256 amount) {
        Owed memory o = _owed[account];
        amount = o.amount;
        if (!o.isFund) return amount;
        if (account == payees.platform) amount += _funds.platform;
        if (account == payees.network) amount += _funds.network;
        if (account == payees.learning) amount += _funds.learning;
    }

    /// @notice Sums since deployment. At any time: settlementToken.balanceOf(this) >= prices of the orders
    /// that wait + attributed + tipped + platform + network + learning - claimed + holders - holdersPaid +
    /// refundsOwed; more only by what somebody transferred here for nothing.
    function totals() external view returns (Totals memory t) {
        Sums memory s = _sums;
        Funds memory f = _funds;
        (t.attributed, t.tipped, t.claimed) = (s.attributed, s.tipped, s.claimed);
        t.refundsOwed = s.refundsOwed;
        t.platform = uint256(s.platform) + f.platform;
        t.network = uint256(s.network) + f.network;
        t.learning = uint256(s.learning) + f.learning;
        t.holders = pool.deposited();
        t.holdersPaid = t.holders - f.holders;
    }

    /// @dev Owes each artist its credit. Reverts CreditRefused.
    function _credit(bytes32 orderId, Credit[] calldata credits) internal returns (uint256 sum) {
        for (uint256 i = 0; i < credits.length; ++i) {
            (address artist, uint256 amount) = (credits[i].artist, credits[i].amount);
            _owe(artist, amount);
            sum += amount;
            emit ArtistCredited(orderId, artist, amount);
        }
        _sums.attributed += sum.toUint128();
    }

    /// @dev Owes each artist its tip and takes the sum from the caller. Reverts CreditRefused, PaidTooLittle.
    function _tip(bytes32 orderId, Credit[] calldata tips) internal {
        uint256 sum;
        for (uint256 i = 0; i < tips.length; ++i) {
            (address artist, uint256 amount) = (tips[i].artist, tips[i].amount);
            _owe(artist, amount);
            sum += amount;
            emit ArtistTipped(orderId, artist, msg.sender, amount);
        }
        _sums.tipped += sum.toUint128();
        _takeFrom(msg.sender, sum);
    }

    /// @dev Adds to what holders and funds are owed; the money must be here.
    function _route(SaleSplit.Parts memory parts) internal {
        Funds memory f = _funds;
        f.holders += parts.holders.toUint64();
        f.platform += parts.platform.toUint64();
        f.network += parts.network.toUint64();
        f.learning += parts.learning.toUint64();
        _funds = f;
        if (parts.holders != 0) pool.notify(parts.holders);
    }

    /// @dev By the allowance of `from`. Reverts PaidTooLittle when less arrives.
    function _takeFrom(address from, uint256 amount) internal {
        uint256 balance = settlementToken.balanceOf(address(this));
        settlementToken.safeTransferFrom(from, address(this), amount);
        _checkPaid(balance, amount);
    }

    /// @dev Reverts PaidTooLittle unless `amount` came in since the balance was `before`.
    function _checkPaid(uint256 before, uint256 amount) internal view {
        uint256 paid = settlementToken.balanceOf(address(this)) - before;
        if (paid < amount) revert PaidTooLittle(paid, amount);
    }

    /// @param insist Whether a refused transfer reverts. @return Whether it was made.
    function _pay(address to, uint256 amount, bool insist) internal returns (bool) {
        if (!insist) return settlementToken.trySafeTransfer(to, amount);
        settlementToken.safeTransfer(to, amount);
        return true;
    }

    function _owe(address artist, uint256 amount) private {
        if (amount == 0 || _cannotClaim(artist)) revert CreditRefused(artist, amount);
        _owed[artist].amount += amount.toUint128();
    }

    /// @param insist Whether a refused transfer reverts; else the amount stays owed. Callers hold the guard.
    function _claim(address account, bool insist) private returns (uint256 amount) {
        if (_owed[account].isFund) _settleShares();
        amount = _owed[account].amount;
        if (amount == 0) return 0;
        address payee = registry.payeeOf(account);
        if (payee == address(this)) {
            if (insist) revert PayeeRefused(payee);
            return 0;
        }
        _owed[account].amount = 0;
        if (!_pay(payee, amount, insist)) {
            _owed[account].amount = uint128(amount);
            return 0;
        }
        _sums.claimed += uint128(amount);
        emit OwedClaimed(account, payee, amount);
    }

    function _settleShares() private {
        Funds memory f = _funds;
        _owed[payees.platform].amount += f.platform;
        _owed[payees.network].amount += f.network;
        _owed[payees.learning].amount += f.learning;
        _sums.platform += f.platform;
        _sums.network += f.network;
        _sums.learning += f.learning;
        _funds = Funds(f.holders, 0, 0, 0);
    }

    function _setPayees(Payees memory p) private {
        payees = p;
        _makeFund(p.platform);
        _makeFund(p.network);
        _makeFund(p.learning);
        emit PayeesChanged(p.platform, p.network, p.learning);
    }

    function _makeFund(address payee) private {
        if (_cannotClaim(payee)) revert PayeeRefused(payee);
        _owed[payee].isFund = true;
    }

    /// @dev Money owed to these could never be paid out, or would only come back here.
    function _cannotClaim(address account) private view returns (bool) {
        return account == address(0) || account == address(this) || account == address(pool);
    }
}
