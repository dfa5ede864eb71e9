// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ArtistPayees} from "./ArtistPayees.sol";
import {WorkRecords} from "./WorkRecords.sol";

/// @title Registered artworks and their artists' consent
/// @notice A work is named by the sha256 of its file, so an exact copy cannot be registered twice. Digests
/// stand in the events; one storage slot a work. Signed calls (EIP-712; ECDSA or EIP-1271) may be relayed by
/// anyone. Nothing is administered: no roles, no owner; what a dispute decides comes from one contract fixed
/// at deployment.
contract ArtworkRegistry is WorkRecords, ArtistPayees {
    /// @notice Collections registered; ids run from 1 to this.
    uint256 public collectionCount;
    mapping(uint256 collectionId => Collection) private _collections;

    /// @param disputes_ WorkDisputes: moves and revokes works.
    constructor(address disputes_) WorkRecords(disputes_) {}

    /// @notice Registers any number of works of the caller by a Merkle root; each can be proven later
    /// (proveWork).
    /// @param root Over leafOf(work), pairs hashed in sorted order (OpenZeppelin's StandardMerkleTree).
    /// @param count How many works. Reverts EmptyHash, UnknownConsent.
    function registerCollection(bytes32 root, uint32 count, bytes32 metadataDigest, uint8 consent)
        external
        returns (uint256 collectionId)
    {
        return _registerCollection(msg.sender, root, count, metadataDigest, consent);
    }

    /// @notice As registerCollection, by the artist's signature over RegisterCollection. Anyone. Reverts
    /// SignatureExpired, BadSignature.
    function registerCollectionFor(
        address artist,
        bytes32 root,
        uint32 count,
        bytes32 metadataDigest,
        uint8 consent,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 collectionId) {
        bytes32 typeHash = REGISTER_COLLECTION_TYPEHASH;
        uint256 nonce = _useNonce(artist);
        _checkSignature(
            artist,
            keccak256(abi.encode(typeHash, artist, root, count, metadataDigest, consent, nonce, deadline)),
            deadline,
            signature
        );
        return _registerCollection(artist, root, count, metadataDigest, consent);
    }

    /// @notice Gives or withdraws consent for those works of a collection of the caller that are not proven
    /// yet; each proven one has its own (setConsent). Uses up a nonce, as setConsent. Reverts
    /// NotCollectionArtist, UnknownConsent.
    function setCollectionConsent(uint256 collectionId, uint8 consent) external {
        _useNonce(msg.sender);
        _setCollectionConsent(msg.sender, collectionId, consent);
    }

    /// @notice As setCollectionConsent, by the artist's signature over SetCollectionConsent. Anyone. Reverts
    /// SignatureExpired, BadSignature.
    function setCollectionConsentFor(
        address artist,
        uint256 collectionId,
        uint8 consent,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 typeHash = SET_COLLECTION_CONSENT_TYPEHASH;
        uint256 nonce = _useNonce(artist);
        _checkSignature(
            artist,
            keccak256(abi.encode(typeHash, artist, collectionId, consent, nonce, deadline)),
            deadline,
            signature
        );
        _setCollectionConsent(artist, collectionId, consent);
    }

    /// @notice Writes the record of one work of a collection, with the collection's artist and time. Anyone.
    /// The work's consent is what both its leaf and the collection, as it stands now, consent to. Reverts
    /// UnknownCollection, NotInCollection, and AlreadyRegistered also when somebody else registered the file
    /// by itself meanwhile.
    function proveWork(uint256 collectionId, Work calldata work, bytes32[] calldata proof) external {
        if (collectionId == 0 || collectionId > collectionCount) {
            revert UnknownCollection(collectionId, collectionCount);
        }
        Collection memory c = _collections[collectionId];
        if (!MerkleProof.verifyCalldata(proof, c.root, leafOf(work))) {
            revert NotInCollection(collectionId, work.contentHash);
        }
        _register(c.artist, c.registeredAt, work, work.consent & c.consent);
    }

    /// @notice A collection; artist 0 when unknown.
    function collectionOf(uint256 collectionId) external view returns (Collection memory) {
        return _collections[collectionId];
    }

    /// @notice A work's leaf in a collection's tree: hashed twice, so that no inner node passes for a work.
    function leafOf(Work calldata work) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(work))));
    }

    function _registerCollection(
        address artist,
        bytes32 root,
        uint32 count,
        bytes32 metadataDigest,
        uint8 consent
    ) private returns (uint256 collectionId) {
        if (root == 0 || count == 0) revert EmptyHash();
        _checkConsent(consent);
        collectionId = ++collectionCount;
        _collections[collectionId] = Collection(artist, uint40(block.timestamp), count, consent, root);
        emit CollectionRegistered(collectionId, artist, root, count, metadataDigest, consent);
    }

    function _setCollectionConsent(address artist, uint256 collectionId, uint8 consent) private {
        _checkConsent(consent);
        Collection storage c = _collections[collectionId];
        if (c.artist != artist) revert NotCollectionArtist(collectionId, c.artist, artist);
        c.consent = consent;
        emit CollectionConsentChanged(collectionId, artist, consent);
    }
}
