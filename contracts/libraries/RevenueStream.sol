// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICompensationRules} from "../interfaces/ICompensationRules.sol";

/// @title Streams what came in during one period evenly over the next
/// @notice Whoever holds stake for a part of a period gets that part of its stream, so stake bought just
/// before a sale and sold just after earns only the time it was held.
library RevenueStream {
    /// @dev Amounts in the settlement token's smallest unit. `length` 0: no period runs, nothing waits.
    struct Stream {
        uint128 streaming; // streamed over the present period
        uint128 released; // part of `streaming` already given to holders
        uint128 collected; // came in during the present period; streams over the next
        uint40 start; // of the present period, Unix seconds, moved on by the time without supply
        uint32 length; // of the present period, seconds: the rules in force at its start
        uint40 updatedAt;
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
        stream.updatedAt = uint40(time);
        if (stream.length == 0) return 0;
        if (supply == 0) {
            stream.start += uint40(passed);
            return 0;
        }
        if (time >= _end(stream)) {
            due = stream.streaming - stream.released;
            // At most one further period can have money: nothing came in since the last update.
            if (!_next(stream, rules)) return due;
            if (time >= _end(stream)) {
                due += stream.streaming;
                _stop(stream);
                return due;
            }
        }
        uint256 unlocked = Math.mulDiv(stream.streaming, time - stream.start, stream.length);
        due += unlocked - stream.released;
        stream.released = uint128(unlocked);
    }

    /// @notice Adds `amount` to what the present period collected; begins a period at `time` when none runs.
    /// The stream must have been advanced to `time`.
    function collect(Stream memory stream, uint128 amount, uint256 time, ICompensationRules rules)
        internal
        view
    {
        if (stream.length == 0) {
            stream.start = uint40(time);
            stream.length = rules.streamPeriodAt(time);
        }
        stream.collected += amount;
    }

    /// @notice What is not yet released: the rest of this period and all of the next.
    function waiting(Stream memory stream) internal pure returns (uint256) {
        return uint256(stream.streaming) - stream.released + stream.collected;
    }

    function _end(Stream memory stream) private pure returns (uint256) {
        return uint256(stream.start) + stream.length;
    }

    /// @dev Begins the period after the present one; false when there is nothing to stream.
    function _next(Stream memory stream, ICompensationRules rules) private view returns (bool) {
        if (stream.collected == 0) {
            _stop(stream);
            return false;
        }
        uint256 start = _end(stream);
        stream.start = uint40(start);
        stream.length = rules.streamPeriodAt(start);
        stream.streaming = stream.collected;
        stream.released = 0;
        stream.collected = 0;
        return true;
    }

    function _stop(Stream memory stream) private pure {
        stream.streaming = 0;
        stream.released = 0;
        stream.length = 0;
    }
}
