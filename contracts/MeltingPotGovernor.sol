// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The holders' governor
/// @notice OpenZeppelin's Governor on the stake token's votes, which count in seconds. A vote opens 1 day
/// after the proposal and lasts 5 days, at least 1 more day once the quorum is reached: 10 %, and not less
/// than LEAST_QUORUM while little stake is claimed. Proposing needs 500 stake. What passes goes through the
/// timelock. Votes may be cast by signature. A guardian may cancel any proposal but one to remove a guardian;
/// it can do nothing else here.
contract MeltingPotGovernor is
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    /// @notice The role that contracts of the project give to a guardian.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice Votes, smallest unit of stake, without which nothing passes: 10 % of the artists' part of a
    /// round under the first rules. Stake that nobody has claimed yet is no part of the supply, so that a
    /// fraction of it alone would let whoever claims first decide by a vote of one.
    uint256 public constant LEAST_QUORUM = 9_500e18;

    /// @notice May cancel proposals until they are executed; the zero address: nobody may.
    address public guardian;
    /// @notice Whether all that the proposal does is to remove guardians: the guardian cannot cancel it.
    mapping(uint256 proposalId => bool) public removesGuardian;

    /// @notice The zero address: nobody may cancel in the guardian's place.
    event GuardianChanged(address indexed previous, address indexed guardian);

    /// @param guardian_ The first guardian.
    constructor(IVotes token, TimelockController timelock, address guardian_)
        Governor("MeltingPot Governor")
        GovernorSettings(1 days, 5 days, 500e18)
        GovernorVotes(token)
        GovernorVotesQuorumFraction(10)
        GovernorPreventLateQuorum(1 days)
        GovernorTimelockControl(timelock)
    {
        _setGuardian(guardian_);
    }

    /// @notice Names another guardian, or nobody (the zero address). Governance (the timelock, by a vote)
    /// only.
    function setGuardian(address guardian_) external onlyGovernance {
        _setGuardian(guardian_);
    }

    /// @dev Notes for good what the guardian must not stop.
    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        if (_onlyRemovals(targets, values, calldatas)) removesGuardian[proposalId] = true;
    }

    /// @dev The proposer may cancel before the vote, the guardian at any time; `_cancel` refuses what ended.
    function _validateCancel(uint256 proposalId, address caller) internal view override returns (bool) {
        if (caller == guardian && !removesGuardian[proposalId]) return true;
        return super._validateCancel(proposalId, caller);
    }

    function _setGuardian(address guardian_) private {
        emit GuardianChanged(guardian, guardian_);
        guardian = guardian_;
    }

    /// @dev Every action, not one of them: else a removal mixed in would shield whatever stands beside it.
    /// Without value, because the target of a revokeRole may be anybody's contract.
    function _onlyRemovals(address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        private
        view
        returns (bool)
    {
        for (uint256 i = 0; i < targets.length; ++i) {
            if (values[i] != 0 || !_isRemoval(targets[i], calldatas[i])) return false;
        }
        return true;
    }

    /// @dev setGuardian of this governor, or revokeRole(GUARDIAN_ROLE, …) of any contract.
    function _isRemoval(address target, bytes memory data) private view returns (bool) {
        bytes4 selector = bytes4(data);
        if (selector == this.setGuardian.selector) return target == address(this);
        if (selector != IAccessControl.revokeRole.selector || data.length < 36) return false;
        bytes32 role;
        assembly ("memory-safe") {
            role := mload(add(data, 36)) // the first argument, behind the length and the selector
        }
        return role == GUARDIAN_ROLE;
    }

    /// @notice Votes, smallest unit of stake, that a proposal with its snapshot at `timepoint` (Unix seconds)
    /// needs: 10 % of the stake there was, at least LEAST_QUORUM. Reverts ERC5805FutureLookup.
    function quorum(uint256 timepoint)
        public
        view
        override(Governor, GovernorVotesQuorumFraction)
        returns (uint256)
    {
        return Math.max(super.quorum(timepoint), LEAST_QUORUM);
    }

    // What follows only names, for the compiler, which of the inherited functions are meant.

    /// @notice The state of a proposal (IGovernor.ProposalState). Reverts GovernorNonexistentProposal.
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    /// @notice Last second (Unix) of the vote, late quorum counted in.
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    /// @notice True: what passes goes through the timelock.
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @notice Stake, smallest unit, that a proposer needs in votes.
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
