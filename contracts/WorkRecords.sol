// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArtistSignatures} from "./ArtistSignatures.sol";

/// @title One record a work: artist, time, consent, revocation
/// @notice Registration of single works, their consent and metadata, and what a dispute does to a record. Not
/// by itself a contract: ArtworkRegistry is.
abstract contract WorkRecords is ArtistSignatures {
    /// @notice Consent to training: the only bit with a meaning so far.
    uint8 public constant CONSENT_TRAINING = 1;

    /// @notice The contract that may move and revoke works (WorkDisputes).
    address public immutable disputes;

    mapping(bytes32 contentHash => Record) private _records;

    /// @param disputes_ Moves and revokes works.
    constructor(address disputes_) {
        disputes = disputes_;
    }

    modifier onlyDisputes() {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        _;
    }

    /// @notice Registers works of the caller. Any artist. Reverts AlreadyRegistered, EmptyHash,
    /// UnknownConsent.
    function register(Work[] calldata works) external {
        _registerAll(msg.sender, works);
    }

    /// @notice Registers works of `artist` by their signature over RegisterWorks. Anyone.
    /// @param deadline Last second (Unix) in which the signature counts. Reverts as register,
    /// SignatureExpired, BadSignature.
    function registerFor(address artist, Work[] calldata works, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 content = _hashOf(works);
        _checkSignature(
            artist,
            keccak256(abi.encode(REGISTER_WORKS_TYPEHASH, artist, content, _useNonce(artist), deadline)),
            deadline,
            signature
        );
        _registerAll(artist, works);
    }

    /// @notice Gives or withdraws consent for works of the caller, at any time. Uses up a nonce: whatever the
    /// caller signed before and nobody has sent yet is void, so that no relayer can undo a withdrawal with a
    /// consent held back. Reverts NotArtist, UnknownConsent, RevokedWork when consent is given.
    function setConsent(bytes32[] calldata contentHashes, uint8 consent) external {
        _useNonce(msg.sender);
        _setConsent(msg.sender, contentHashes, consent);
    }

    /// @notice As setConsent, by the artist's signature over SetConsent. Anyone. Reverts SignatureExpired,
    /// BadSignature.
    function setConsentFor(
        address artist,
        bytes32[] calldata contentHashes,
        uint8 consent,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 content = _hashOf(contentHashes);
        uint256 nonce = _useNonce(artist);
        _checkSignature(
            artist,
            keccak256(abi.encode(SET_CONSENT_TYPEHASH, artist, content, consent, nonce, deadline)),
            deadline,
            signature
        );
        _setConsent(artist, contentHashes, consent);
    }

    /// @notice Names new metadata documents of works of the caller, by their digests. Uses up a nonce, as
    /// setConsent. Reverts NotArtist, LengthsDiffer.
    function setMetadata(bytes32[] calldata contentHashes, bytes32[] calldata metadataDigests) external {
        _useNonce(msg.sender);
        _setMetadata(msg.sender, contentHashes, metadataDigests);
    }

    /// @notice As setMetadata, by the artist's signature over SetMetadata. Anyone. Reverts SignatureExpired,
    /// BadSignature.
    function setMetadataFor(
        address artist,
        bytes32[] calldata contentHashes,
        bytes32[] calldata metadataDigests,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 hashes = _hashOf(contentHashes);
        bytes32 digests = _hashOf(metadataDigests);
        uint256 nonce = _useNonce(artist);
        _checkSignature(
            artist,
            keccak256(abi.encode(SET_METADATA_TYPEHASH, artist, hashes, digests, nonce, deadline)),
            deadline,
            signature
        );
        _setMetadata(artist, contentHashes, metadataDigests);
    }

    /// @notice Makes `newArtist` the work's artist, who must consent anew. The disputes' contract only. Reverts
    /// NotDisputes, NotArtist for an unknown work.
    /// @dev Consent goes: it was the old artist's. So does a revocation: the work has its right artist now.
    function moveWork(bytes32 contentHash, address newArtist) external override onlyDisputes {
        Record memory record = _registered(contentHash);
        _records[contentHash] = Record(newArtist, record.registeredAt, 0, false);
        emit WorkMoved(contentHash, record.artist, newArtist);
    }

    /// @notice Revokes a work: consent is withdrawn and cannot be given, the file cannot be registered again.
    /// The disputes' contract only. Reverts NotDisputes, NotArtist for an unknown work.
    function revokeWork(bytes32 contentHash) external override onlyDisputes {
        Record memory record = _registered(contentHash);
        (_records[contentHash].consent, _records[contentHash].revoked) = (0, true);
        emit WorkRevoked(contentHash, record.artist);
    }

    /// @notice The record of a work; artist 0 when it is not registered.
    function recordOf(bytes32 contentHash) external view override returns (Record memory) {
        return _records[contentHash];
    }

    function _register(address artist, uint40 registeredAt, Work calldata work, uint8 consent) internal {
        if (work.contentHash == 0 || work.ipfsDigest == 0) revert EmptyHash();
        _checkConsent(consent);
        Record memory first = _records[work.contentHash];
        if (first.artist != address(0)) {
            revert AlreadyRegistered(work.contentHash, first.artist, first.registeredAt);
        }
        _records[work.contentHash] = Record(artist, registeredAt, consent, false);
        emit WorkRegistered(
            work.contentHash, artist, work.ipfsDigest, work.metadataDigest, consent, registeredAt
        );
    }

    /// @dev A bit without a meaning today must not become a consent that nobody gave.
    function _checkConsent(uint8 consent) internal pure {
        if (consent > CONSENT_TRAINING) revert UnknownConsent(consent, CONSENT_TRAINING);
    }

    function _registerAll(address artist, Work[] calldata works) private {
        for (uint256 i = 0; i < works.length; ++i) {
            _register(artist, uint40(block.timestamp), works[i], works[i].consent);
        }
    }

    function _setConsent(address artist, bytes32[] calldata contentHashes, uint8 consent) private {
        _checkConsent(consent);
        for (uint256 i = 0; i < contentHashes.length; ++i) {
            Record storage record = _ownRecord(artist, contentHashes[i]);
            // Withdrawing goes through, so that a revoked work never spoils a withdrawal of many.
            if (consent != 0 && record.revoked) revert RevokedWork(contentHashes[i]);
            record.consent = consent;
            emit ConsentChanged(contentHashes[i], artist, consent);
        }
    }

    function _setMetadata(
        address artist,
        bytes32[] calldata contentHashes,
        bytes32[] calldata metadataDigests
    ) private {
        if (contentHashes.length != metadataDigests.length) {
            revert LengthsDiffer(contentHashes.length, metadataDigests.length);
        }
        for (uint256 i = 0; i < contentHashes.length; ++i) {
            _ownRecord(artist, contentHashes[i]);
            emit MetadataChanged(contentHashes[i], artist, metadataDigests[i]);
        }
    }

    function _ownRecord(address artist, bytes32 contentHash) private view returns (Record storage record) {
        record = _records[contentHash];
        if (record.artist != artist) revert NotArtist(contentHash, record.artist, artist);
    }

    function _registered(bytes32 contentHash) private view returns (Record memory record) {
        record = _records[contentHash];
        if (record.artist == address(0)) revert NotArtist(contentHash, address(0), msg.sender);
    }
}
