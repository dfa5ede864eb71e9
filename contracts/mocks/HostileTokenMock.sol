// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SettlementTokenMock} from "./SettlementTokenMock.sol";

/// @title A settlement token that does what tokens must not: fees, refusals, calls during a transfer
contract HostileTokenMock is SettlementTokenMock {
    uint256 public feeBps;
    mapping(address account => bool) public blacklisted;
    mapping(address account => bool) public quietlyRefused;
    address private _target;
    bytes private _call;

    error Blacklisted(address account);

    /// @notice From now on every transfer loses `bps` of its amount. Anyone.
    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    /// @notice Refuses or allows transfers to and from `account`. Anyone.
    function setBlacklisted(address account, bool refused) external {
        blacklisted[account] = refused;
    }

    /// @notice From now on `transfer` to `account` moves nothing and says so by its answer only, or again not.
    /// Anyone.
    function setQuietlyRefused(address account, bool refused) external {
        quietlyRefused[account] = refused;
    }

    /// @notice As ERC-20 says: the answer counts, not only whether it reverts.
    function transfer(address to, uint256 value) public override returns (bool) {
        return !quietlyRefused[to] && super.transfer(to, value);
    }

    /// @notice Calls `target` with `data` during the next transfer, once; its revert is passed on. Anyone.
    function callDuringTransfer(address target, bytes calldata data) external {
        (_target, _call) = (target, data);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (blacklisted[from]) revert Blacklisted(from);
        if (blacklisted[to]) revert Blacklisted(to);
        uint256 fee = from == address(0) ? 0 : value * feeBps / 10_000;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, value - fee);
        address target = _target;
        if (target == address(0) || from == address(0)) return;
        _target = address(0);
        Address.functionCall(target, _call);
    }
}
