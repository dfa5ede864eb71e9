// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of the artwork registry: its types, events and errors, and what others call
interface IArtworkRegistry {
    struct Work {
        bytes32 contentHash; // sha256 of the file
        bytes32 ipfsDigest; // of the file's CID
        bytes32 metadataDigest; // of the metadata's CID
        uint8 consent; // bit 0: training
    }

    /// @dev One storage slot.
    struct Record {
        address artist;
        uint40 registeredAt; // Unix seconds
        uint8 consent;
        bool revoked; // by a dispute; kept, so that the file cannot be registered again
    }

    struct Collection {
        address artist;
        uint40 registeredAt; // Unix seconds
        uint32 count; // works in it, as the artist says
        uint8 consent;
        bytes32 root;
    }

    /// @notice A work has its record, registered by itself or proven from a collection.
    event WorkRegistered(
        bytes32 indexed contentHash,
        address indexed artist,
        bytes32 ipfsDigest,
        bytes32 metadataDigest,
        uint8 consent,
        uint40 registeredAt // Unix seconds: of a work proven later, its collection's
    );
    /// @notice What the artist consents to from now on.
    event ConsentChanged(bytes32 indexed contentHash, address indexed artist, uint8 consent);
    /// @notice The digest of the CID of the work's metadata from now on.
    event MetadataChanged(bytes32 indexed contentHash, address indexed artist, bytes32 metadataDigest);
    /// @notice `count` works under one root; each may be proven later.
    event CollectionRegistered(
        uint256 indexed collectionId,
        address indexed artist,
        bytes32 root,
        uint32 count,
        bytes32 metadataDigest,
        uint8 consent
    );

    /// @notice Counts for works of the collection that are not proven yet.
    event CollectionConsentChanged(uint256 indexed collectionId, address indexed artist, uint8 consent);
    /// @notice Who is paid what sales owe to the artist; the artist itself when nobody else is named.
    /// @param payee The artist itself when none is named any more.
    event PayeeChanged(address indexed artist, address indexed payee);
    /// @notice A dispute moved the authorship: consent is 0 from here on, a revocation is lifted.
    event WorkMoved(bytes32 indexed contentHash, address indexed from, address indexed to);
    /// @notice A dispute revoked the work: consent is 0 and cannot be given.
    event WorkRevoked(bytes32 indexed contentHash, address indexed artist);

    /// @notice Names the first registration of the same file.
    error AlreadyRegistered(bytes32 contentHash, address artist, uint40 registeredAt);
    /// @notice A hash, digest, root or count is 0.
    error EmptyHash();
    /// @notice Bits beyond `known` have no meaning.
    error UnknownConsent(uint8 consent, uint8 known);
    /// @notice `artist` is 0 for a work that is not registered.
    error NotArtist(bytes32 contentHash, address artist, address caller);
    /// @notice A revoked work can be used for nothing: no consent can be given.
    error RevokedWork(bytes32 contentHash);
    /// @notice One metadata digest for each work is needed.
    error LengthsDiffer(uint256 contentHashes, uint256 metadataDigests);
    /// @notice The signed deadline (Unix seconds) has passed.
    error SignatureExpired(uint256 deadline, uint256 now_);
    /// @notice The signature is not the artist's over this message with its next nonce.
    error BadSignature(address artist);
    /// @notice `artist` registered the collection, not `caller`.
    error NotCollectionArtist(uint256 collectionId, address artist, address caller);
    /// @notice Ids run from 1 to `count`.
    error UnknownCollection(uint256 collectionId, uint256 count);
    /// @notice The proof does not lead from this work to the collection's root.
    error NotInCollection(uint256 collectionId, bytes32 contentHash);
    /// @notice Only WorkDisputes moves and revokes works.
    error NotDisputes(address caller);

    /// @notice The record of a work; artist 0 when it is not registered.
    function recordOf(bytes32 contentHash) external view returns (Record memory);

    /// @notice Who is paid what sales owe to `artist`: the artist itself unless it named another.
    function payeeOf(address artist) external view returns (address);

    /// @notice Makes `newArtist` the work's artist. The disputes' contract only. Reverts NotDisputes,
    /// NotArtist for an unknown work.
    function moveWork(bytes32 contentHash, address newArtist) external;

    /// @notice Revokes a work. The disputes' contract only. Reverts NotDisputes, NotArtist for an unknown
    /// work.
    function revokeWork(bytes32 contentHash) external;
}
