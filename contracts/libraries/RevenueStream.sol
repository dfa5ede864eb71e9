// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICompensationRules} from "../interfaces/ICompensationRules.sol";

/// @title Streams what came in during one period evenly over the next
/// @notice Whoever holds stake for a part of a period gets that part of its stream, so stake bought just
/// before a sale and sold just after earns only the time it was held.
library RevenueStream {
    /// @dev Amounts in the settlement token's smallest unit. `length` 0: no period runs, nothing waits. Laid
    /// out so that a deposit within a period writes one slot: the one with `deposited`.
    struct Stream {
        uint128 deposited; // since the beginning
        uint40 start; // of the present period, Unix seconds, moved on by the time without supply
        uint32 length; // of the present period, seconds: the rules in force at its start
        uint40 updatedAt; // up to when the stream was released
        uint128 streaming; // streamed over the present period
        uint128 remainder; // kept here by the pool, for the sake of the slot; 1/SCALE of a unit
        uint128 depositedAtStart; // `deposited` at the start of the present period
    }

    /// @notice Moves `stream` (in memory) to `time`, over any number of idle periods in constant work.
    /// @param supply Stake that existed since the last update; while it is 0 the period's clock stands still.
    /// @return due What holders earned since the last update, whole units.
    function advance(Stream memory stream, uint256 time, uint256 supply, ICompensationRules rules)
        internal
        view
        returns (uint256 due)
    {
        uint256 passed = time - stream.updatedAt;
        uint256 released = _released(stream);
        stream.updatedAt = uint40(time);
        if (stream.length == 0) return 0;
        if (supply == 0) {
            stream.start += uint40(passed);
            return 0;
        }
        if (time >= _end(stream)) {
            due = stream.streaming - released;
            released = 0;
            // At most one further period can have money: what came in later would have begun it.
            if (!_next(stream, rules)) return due;
            if (time >= _end(stream)) {
                due += stream.streaming;
                _stop(stream);
                return due;
            }
        }
        due += _released(stream) - released;
    }

    /// @notice Whether a deposit at `time` only adds to what the present period collected, whatever of the
    /// stream is not released yet.
    function isWithin(Stream storage stream, uint256 time) internal view returns (bool) {
        return time < uint256(stream.start) + stream.length;
    }

    /// @notice Begins a period at `time` when none runs. The stream must have been advanced to `time`.
    function begin(Stream memory stream, uint256 time, ICompensationRules rules) internal view {
        if (stream.length != 0) return;
        stream.start = uint40(time);
        stream.length = rules.streamPeriodAt(time);
        stream.depositedAtStart = stream.deposited;
    }

    /// @notice What is not yet released: the rest of this period and all of the next.
    function waiting(Stream memory stream) internal pure returns (uint256) {
        return uint256(stream.streaming) - _released(stream) + collected(stream);
    }

    /// @notice What came in during the present period.
    function collected(Stream memory stream) internal pure returns (uint128) {
        return stream.deposited - stream.depositedAtStart;
    }

    /// @dev Part of `streaming` that holders have been given up to `updatedAt`.
    function _released(Stream memory stream) private pure returns (uint256) {
        if (stream.streaming == 0) return 0;
        return Math.mulDiv(stream.streaming, stream.updatedAt - stream.start, stream.length);
    }

    function _end(Stream memory stream) private pure returns (uint256) {
        return uint256(stream.start) + stream.length;
    }

    /// @dev Begins the period after the present one; false when there is nothing to stream.
    function _next(Stream memory stream, ICompensationRules rules) private view returns (bool) {
        uint128 amount = collected(stream);
        if (amount == 0) {
            _stop(stream);
            return false;
        }
        uint256 start = _end(stream);
        stream.start = uint40(start);
        stream.length = rules.streamPeriodAt(start);
        stream.streaming = amount;
        stream.depositedAtStart = stream.deposited;
        return true;
    }

    function _stop(Stream memory stream) private pure {
        stream.streaming = 0;
        stream.length = 0;
        stream.depositedAtStart = stream.deposited;
    }
}
