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

    event WorkRegistered(
        bytes32 indexed contentHash,
        address indexed artist,
        bytes32 ipfsDigest,
        bytes32 metadataDigest,
        uint8 consent,
        uint40 registeredAt // Unix seconds: of a work proven later, its collection's
    );
    event ConsentChanged(bytes32 indexed contentHash, address indexed artist, uint8 consent);
    event MetadataChanged(bytes32 indexed contentHash, address indexed artist, bytes32 metadataDigest);
    event CollectionRegistered(
        uint256 indexed collectionId,
        address indexed artist,
        bytes32 root,
        uint32 count,
        bytes32 metadataDigest,
        uint8 consent
    );

    event CollectionConsentChanged(uint256 indexed collectionId, address indexed artist, uint8 consent);
    /// @param payee The artist itself when none is named any more.
    event PayeeChanged(address indexed artist, address indexed payee);
    /// @notice A dispute moved the authorship: consent is 0 from here on, a revocation is lifted.
    event WorkMoved(bytes32 indexed contentHash, address indexed from, address indexed to);
    /// @notice A dispute revoked the work: consent is 0 and cannot be given.
    event WorkRevoked(bytes32 indexed contentHash, address indexed artist);

    /// @notice Names the first registration of the same file.
    error AlreadyRegistered(bytes32 contentHash, address artist, uint40 registeredAt);
    error EmptyHash();
    error UnknownConsent(uint8 consent, uint8 known);
    /// @notice `artist` is 0 for a work that is not registered.
    error NotArtist(bytes32 contentHash, address artist, address caller);
    error RevokedWork(bytes32 contentHash);
    error LengthsDiffer(uint256 contentHashes, uint256 metadataDigests);
    error SignatureExpired(uint256 deadline, uint256 now_);
    error BadSignature(address artist);
    error NotCollectionArtist(uint256 collectionId, address artist, address caller);
    error UnknownCollection(uint256 collectionId, uint256 count);
    error NotInCollection(uint256 collectionId, bytes32 contentHash);
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
