// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The timelock that owns everything
/// @notice OpenZeppelin's TimelockController: the governor proposes and cancels, anyone executes after the
/// delay, and the timelock alone administers itself from its first block on. Deployed under the name
/// TimelockController.
contract MeltingPotTimelock is TimelockController {
    /// @notice Seconds between queueing and execution that no vote can shorten.
    uint256 public immutable leastDelay;

    /// @param governor The governor's address. @param minDelay Seconds between queueing and execution; a vote
    /// can set more (updateDelay), not less.
    constructor(address governor, uint256 minDelay)
        TimelockController(minDelay, _only(governor), _only(address(0)), address(0))
    {
        leastDelay = minDelay;
    }

    /// @notice Seconds between queueing and execution: what updateDelay set last, at least leastDelay. Else
    /// one vote could do away with the time that everybody has to see the next ones coming.
    function getMinDelay() public view override returns (uint256) {
        return Math.max(super.getMinDelay(), leastDelay);
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
