// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title The text resolutions that the holders adopted
/// @notice A resolution is a text on IPFS and the proposal that adopted it. Written by the timelock only;
/// nothing is ever removed.
contract Charter is Ownable {
    struct Resolution {
        bytes32 textDigest; // sha2-256 digest inside the text's CID
        uint256 proposalId;
    }

    /// @notice How many were adopted; ids run from 1 to this.
    uint256 public resolutionCount;
    /// @notice The text and the proposal of a resolution; zeros when unknown.
    mapping(uint256 resolutionId => Resolution) public resolutions;

    /// @notice A text was adopted: its digest, and the proposal that says it adopted it.
    event ResolutionAdopted(uint256 indexed resolutionId, bytes32 textDigest, uint256 proposalId);

    /// @notice A resolution needs a text: the digest was zero.
    error EmptyText();

    /// @param owner The timelock.
    constructor(address owner) Ownable(owner) {}

    /// @notice Records an adopted text. Owner (timelock) only. Reverts EmptyText for a zero digest.
    /// @param proposalId The governor's proposal that adopted it, as told by the proposal itself.
    function adopt(bytes32 textDigest, uint256 proposalId) external onlyOwner returns (uint256 resolutionId) {
        if (textDigest == 0) revert EmptyText();
        resolutionId = ++resolutionCount;
        resolutions[resolutionId] = Resolution(textDigest, proposalId);
        emit ResolutionAdopted(resolutionId, textDigest, proposalId);
    }
}
