// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title The text resolutions that the holders adopted
/// @notice A resolution is a text on IPFS and the proposal that adopted it. Written by the timelock only;
/// nothing is ever removed.
contract Charter is Ownable {
    struct Resolution {
        bytes32 textDigest; // sha2-256 digest inside the text's CID
        uint256 proposalId;
    }

    IGovernor public immutable governor;

    /// @notice How many were adopted; ids run from 1 to this.
    uint256 public resolutionCount;
    /// @notice The text and the proposal of a resolution; zeros when unknown.
    mapping(uint256 resolutionId => Resolution) public resolutions;
    /// @notice The resolution that a proposal adopted; 0 when none.
    mapping(uint256 proposalId => uint256) public resolutionOf;

    /// @notice A text was adopted: its digest, and the proposal that says it adopted it.
    event ResolutionAdopted(uint256 indexed resolutionId, bytes32 textDigest, uint256 proposalId);

    /// @notice A resolution needs a text: the digest was zero.
    error EmptyText();
    /// @notice The proposal that this call would be the action of has not passed.
    error NotPassed(uint256 proposalId, IGovernor.ProposalState state);
    /// @notice The proposal's text was recorded before.
    error AlreadyAdopted(uint256 proposalId, uint256 resolutionId);

    /// @param owner The timelock.
    constructor(address owner, IGovernor governor_) Ownable(owner) {
        governor = governor_;
    }

    /// @notice Records an adopted text. Owner (timelock) only, as the one action of a proposal. Reverts
    /// EmptyText, NotPassed, AlreadyAdopted, and what the governor reverts with for a proposal it does not
    /// know.
    /// @param descriptionHash Of the proposal's description. A proposal cannot name its own id, a hash over
    /// its calls, but this call and this hash are all that the id is made of: it is computed here.
    function adopt(bytes32 textDigest, bytes32 descriptionHash)
        external
        onlyOwner
        returns (uint256 resolutionId)
    {
        if (textDigest == 0) revert EmptyText();
        uint256 proposalId = _thisCallAs(descriptionHash);
        IGovernor.ProposalState state = governor.state(proposalId);
        // Queued while somebody executes it in the timelock without the governor.
        if (state != IGovernor.ProposalState.Executed && state != IGovernor.ProposalState.Queued) {
            revert NotPassed(proposalId, state);
        }
        if (resolutionOf[proposalId] != 0) revert AlreadyAdopted(proposalId, resolutionOf[proposalId]);
        resolutionId = ++resolutionCount;
        resolutions[resolutionId] = Resolution(textDigest, proposalId);
        resolutionOf[proposalId] = resolutionId;
        emit ResolutionAdopted(resolutionId, textDigest, proposalId);
    }

    /// @dev The id of the proposal with this description whose one action is the call being executed.
    function _thisCallAs(bytes32 descriptionHash) private view returns (uint256) {
        address[] memory targets = new address[](1);
        bytes[] memory calls = new bytes[](1);
        (targets[0], calls[0]) = (address(this), msg.data);
        return governor.getProposalId(targets, new uint256[](1), calls, descriptionHash);
    }
}
