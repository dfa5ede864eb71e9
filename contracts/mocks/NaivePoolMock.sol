// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICompensationRules} from "../interfaces/ICompensationRules.sol";
import {IMarketLedger} from "../interfaces/IMarketLedger.sol";
import {IRevenuePool} from "../interfaces/IRevenuePool.sol";
import {IStakeToken} from "../interfaces/IStakeToken.sol";

/// @title The revenue pool without its stream: each deposit is divided at once among the present holders
/// @notice What the tests show attacks against. Never deployed but by them.
contract NaivePoolMock is IRevenuePool {
    uint256 public constant SCALE = 2 ** 128;

    IStakeToken public immutable stakeToken;
    ICompensationRules public immutable rules;
    IMarketLedger public immutable market;
    /// @inheritdoc IRevenuePool
    uint256 public deposited;
    uint256 private _perToken;
    mapping(address account => uint256) private _paid;
    mapping(address account => uint256) private _accrued;

    constructor(IStakeToken stakeToken_, ICompensationRules rules_, IMarketLedger market_) {
        (stakeToken, rules, market) = (stakeToken_, rules_, market_);
    }

    /// @inheritdoc IRevenuePool
    function notify(uint256 amount) external {
        deposited += amount;
        _perToken += amount * SCALE / stakeToken.totalSupply();
    }

    /// @inheritdoc IRevenuePool
    function settle(address from, address to) external {
        _settle(from);
        _settle(to);
    }

    /// @notice Pays `account` what it earned. Anyone.
    function claim(address account) external {
        _settle(account);
        uint256 amount = _accrued[account] / SCALE;
        _accrued[account] -= amount * SCALE;
        market.payHolder(account, amount, true);
    }

    function _settle(address account) private {
        _accrued[account] += stakeToken.balanceOf(account) * (_perToken - _paid[account]);
        _paid[account] = _perToken;
    }
}
