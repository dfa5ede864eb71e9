// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of the artwork registry: its types, events and errors
interface IArtworkRegistry {
    struct Work {
        bytes32 contentHash; // sha256 of the file
        bytes32 ipfsDigest; // of the file's CID
        bytes32 metadataDigest; // of the metadata's CID
        uint8 consent; // bit 0: training
    }

    struct Record {
        address artist;
        uint40 registeredAt; // Unix seconds
        uint8 consent;
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
    event CollectionRegistered(
        uint256 indexed collectionId,
        address indexed artist,
        bytes32 root,
        uint32 count,
        bytes32 metadataDigest,
        uint8 consent
    );

    event CollectionConsentChanged(uint256 indexed collectionId, address indexed artist, uint8 consent);

    /// @notice Names the first registration of the same file.
    error AlreadyRegistered(bytes32 contentHash, address artist, uint40 registeredAt);
    error EmptyHash();
    error UnknownConsent(uint8 consent, uint8 known);
    /// @notice `artist` is 0 for a work that is not registered.
    error NotArtist(bytes32 contentHash, address artist, address caller);
    error SignatureExpired(uint256 deadline, uint256 now_);
    error BadSignature(address artist);
    error NotCollectionArtist(uint256 collectionId, address artist, address caller);
    error UnknownCollection(uint256 collectionId, uint256 count);
    error NotInCollection(uint256 collectionId, bytes32 contentHash);
}
