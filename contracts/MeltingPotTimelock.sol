// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The timelock that owns everything
/// @notice OpenZeppelin's TimelockController: the governor proposes and cancels, anyone executes after the
/// delay, and the timelock alone administers itself from its first block on. Deployed under the name
/// TimelockController.
contract MeltingPotTimelock is TimelockController {
    /// @param governor The governor's address. @param minDelay Seconds between queueing and execution.
    constructor(address governor, uint256 minDelay)
        TimelockController(minDelay, _only(governor), _only(address(0)), address(0))
    {}

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
