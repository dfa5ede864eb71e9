// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {IRevenuePool} from "./interfaces/IRevenuePool.sol";
import {IStakeToken} from "./interfaces/IStakeToken.sol";

/// @title Stake in the collective model
/// @notice ERC-20 (18 decimals) with permit and votes on a clock in seconds. Minted only by finalised
/// training rounds, never burnt. Whoever holds it earns from the revenue pool, which settles both sides
/// before any balance moves.
contract StakeToken is IStakeToken, ERC20, ERC20Permit, ERC20Votes {
    /// @notice TrainingRounds: the only minter.
    address public immutable rounds;
    IRevenuePool public immutable pool;
    /// @notice The project's own contracts never hold stake: they could neither claim revenue nor vote.
    mapping(address account => bool) public isRefused;

    /// @notice Only TrainingRounds mints.
    error NotRounds(address caller);
    /// @notice The account is a contract of the project: it could neither claim revenue nor vote.
    error HolderRefused(address account);

    /// @param refused Contracts of the project that never hold stake, besides this one.
    constructor(address rounds_, IRevenuePool pool_, address[] memory refused)
        ERC20("Melting Pot Stake", "POT")
        ERC20Permit("Melting Pot Stake")
    {
        rounds = rounds_;
        pool = pool_;
        isRefused[address(this)] = true;
        for (uint256 i = 0; i < refused.length; ++i) {
            isRefused[refused[i]] = true;
        }
    }

    /// @inheritdoc IStakeToken
    /// @dev Reverts NotRounds for any other caller and HolderRefused for the project's own contracts.
    function mint(address to, uint256 amount) external {
        if (msg.sender != rounds) revert NotRounds(msg.sender);
        _mint(to, amount);
    }

    /// @notice Unix seconds: the time that votes are counted by (ERC-6372).
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice ERC-6372 description of the clock.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc IStakeToken
    function balanceOf(address account) public view override(IStakeToken, ERC20) returns (uint256) {
        return super.balanceOf(account);
    }

    /// @inheritdoc IStakeToken
    function totalSupply() public view override(IStakeToken, ERC20) returns (uint256) {
        return super.totalSupply();
    }

    /// @notice Next nonce of `owner`, shared by permit and delegation by signature.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @dev Below 2**128: the revenue pool divides by the supply and keeps the remainder in 128 bits.
    function _maxSupply() internal pure override returns (uint256) {
        return type(uint128).max;
    }

    /// @dev Settles revenue at the old balances, then moves them. Votes that nobody delegated do not count,
    /// so a holder without a delegate who had no stake becomes their own. Whoever has stake is not refused:
    /// the list costs a read only where somebody had none.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        bool first = to != address(0) && balanceOf(to) == 0;
        if (first && isRefused[to]) revert HolderRefused(to);
        pool.settle(from, to);
        super._update(from, to, value);
        if (first && value != 0 && delegates(to) == address(0)) _delegate(to, to);
    }
}
