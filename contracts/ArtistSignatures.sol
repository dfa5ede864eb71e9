// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IArtworkRegistry} from "./interfaces/IArtworkRegistry.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title What artists sign for the registry, and when it counts
/// @notice EIP-712 messages by ECDSA or EIP-1271 that anyone may send. One counter an artist: every message
/// uses it up, and so does every change that the artist sends directly. What was signed before and nobody
/// has sent is then void, so that no relayer can undo a change with a message held back.
abstract contract ArtistSignatures is IArtworkRegistry, EIP712, Nonces {
    bytes32 public constant WORK_TYPEHASH =
        keccak256("Work(bytes32 contentHash,bytes32 ipfsDigest,bytes32 metadataDigest,uint8 consent)");
    bytes32 public constant REGISTER_WORKS_TYPEHASH = keccak256(
        "RegisterWorks(address artist,Work[] works,uint256 nonce,uint256 deadline)"
        "Work(bytes32 contentHash,bytes32 ipfsDigest,bytes32 metadataDigest,uint8 consent)"
    );
    bytes32 public constant SET_CONSENT_TYPEHASH = keccak256(
        "SetConsent(address artist,bytes32[] contentHashes,uint8 consent,uint256 nonce,uint256 deadline)"
    );
    bytes32 public constant SET_METADATA_TYPEHASH = keccak256(
        "SetMetadata(address artist,bytes32[] contentHashes,bytes32[] metadataDigests,uint256 nonce,"
        "uint256 deadline)"
    );
    bytes32 public constant SET_PAYEE_TYPEHASH =
        keccak256("SetPayee(address artist,address payee,uint256 nonce,uint256 deadline)");
    bytes32 public constant REGISTER_COLLECTION_TYPEHASH = keccak256(
        "RegisterCollection(address artist,bytes32 root,uint32 count,bytes32 metadataDigest,uint8 consent,"
        "uint256 nonce,uint256 deadline)"
    );
    bytes32 public constant SET_COLLECTION_CONSENT_TYPEHASH = keccak256(
        "SetCollectionConsent(address artist,uint256 collectionId,uint8 consent,uint256 nonce,"
        "uint256 deadline)"
    );

    constructor() EIP712("MeltingPot ArtworkRegistry", "1") {}

    /// @dev `structHash` contains the nonce that the caller has just used up.
    function _checkSignature(address artist, bytes32 structHash, uint256 deadline, bytes calldata signature)
        internal
        view
    {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        if (!Signatures.isOf(artist, _hashTypedDataV4(structHash), signature)) {
            revert BadSignature(artist);
        }
    }

    /// @dev As EIP-712 hashes an array of structs.
    function _hashOf(Work[] calldata works) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](works.length);
        for (uint256 i = 0; i < works.length; ++i) hashes[i] = keccak256(abi.encode(WORK_TYPEHASH, works[i]));
        return keccak256(abi.encodePacked(hashes));
    }

    /// @dev As EIP-712 hashes an array of words.
    function _hashOf(bytes32[] calldata words) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(words));
    }
}
