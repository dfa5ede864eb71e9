// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IArtworkRegistry} from "./interfaces/IArtworkRegistry.sol";

/// @title Registered artworks and their artists' consent
/// @notice A work is named by the sha256 of its file, so an exact copy cannot be registered twice. Digests
/// stand in the events; one storage slot a work. Signed calls (EIP-712; ECDSA or EIP-1271) may be relayed by
/// anyone. Nothing is administered: no roles, no owner.
contract ArtworkRegistry is IArtworkRegistry, EIP712, Nonces {
    /// @notice Consent to training: the only bit with a meaning so far.
    uint8 public constant CONSENT_TRAINING = 1;
    bytes32 public constant WORK_TYPEHASH =
        keccak256("Work(bytes32 contentHash,bytes32 ipfsDigest,bytes32 metadataDigest,uint8 consent)");
    bytes32 public constant REGISTER_WORKS_TYPEHASH = keccak256(
        "RegisterWorks(address artist,Work[] works,uint256 nonce,uint256 deadline)"
        "Work(bytes32 contentHash,bytes32 ipfsDigest,bytes32 metadataDigest,uint8 consent)"
    );
    bytes32 public constant SET_CONSENT_TYPEHASH = keccak256(
        "SetConsent(address artist,bytes32[] contentHashes,uint8 consent,uint256 nonce,uint256 deadline)"
    );
    bytes32 public constant REGISTER_COLLECTION_TYPEHASH = keccak256(
        "RegisterCollection(address artist,bytes32 root,uint32 count,bytes32 metadataDigest,uint8 consent,"
        "uint256 nonce,uint256 deadline)"
    );

    /// @notice Collections registered; ids run from 1 to this.
    uint256 public collectionCount;
    mapping(bytes32 contentHash => Record) private _records;
    mapping(uint256 collectionId => Collection) private _collections;

    constructor() EIP712("MeltingPot ArtworkRegistry", "1") {}

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
        bytes32[] memory hashes = new bytes32[](works.length);
        for (uint256 i = 0; i < works.length; ++i) hashes[i] = keccak256(abi.encode(WORK_TYPEHASH, works[i]));
        bytes32 content = keccak256(abi.encodePacked(hashes));
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
    /// consent held back. Reverts NotArtist, UnknownConsent.
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
        bytes32 content = keccak256(abi.encodePacked(contentHashes));
        uint256 nonce = _useNonce(artist);
        _checkSignature(
            artist,
            keccak256(abi.encode(SET_CONSENT_TYPEHASH, artist, content, consent, nonce, deadline)),
            deadline,
            signature
        );
        _setConsent(artist, contentHashes, consent);
    }

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
        _checkConsent(consent);
        _useNonce(msg.sender);
        Collection storage c = _collections[collectionId];
        if (c.artist != msg.sender) revert NotCollectionArtist(collectionId, c.artist, msg.sender);
        c.consent = consent;
        emit CollectionConsentChanged(collectionId, msg.sender, consent);
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

    /// @notice The record of a work; artist 0 when it is not registered.
    function recordOf(bytes32 contentHash) external view returns (Record memory) {
        return _records[contentHash];
    }

    function payeeOf(address artist) external pure returns (address) {
        return artist;
    }

    /// @notice A collection; artist 0 when unknown.
    function collectionOf(uint256 collectionId) external view returns (Collection memory) {
        return _collections[collectionId];
    }

    /// @notice A work's leaf in a collection's tree: hashed twice, so that no inner node passes for a work.
    function leafOf(Work calldata work) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(work))));
    }

    function _registerAll(address artist, Work[] calldata works) private {
        for (uint256 i = 0; i < works.length; ++i) {
            _register(artist, uint40(block.timestamp), works[i], works[i].consent);
        }
    }

    function _register(address artist, uint40 registeredAt, Work calldata work, uint8 consent) private {
        if (work.contentHash == 0 || work.ipfsDigest == 0) revert EmptyHash();
        _checkConsent(consent);
        Record memory first = _records[work.contentHash];
        if (first.artist != address(0)) {
            revert AlreadyRegistered(work.contentHash, first.artist, first.registeredAt);
        }
        _records[work.contentHash] = Record(artist, registeredAt, consent);
        emit WorkRegistered(
            work.contentHash, artist, work.ipfsDigest, work.metadataDigest, consent, registeredAt
        );
    }

    function _setConsent(address artist, bytes32[] calldata contentHashes, uint8 consent) private {
        _checkConsent(consent);
        for (uint256 i = 0; i < contentHashes.length; ++i) {
            Record storage record = _records[contentHashes[i]];
            if (record.artist != artist) revert NotArtist(contentHashes[i], record.artist, artist);
            record.consent = consent;
            emit ConsentChanged(contentHashes[i], artist, consent);
        }
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

    /// @dev A bit without a meaning today must not become a consent that nobody gave.
    function _checkConsent(uint8 consent) private pure {
        if (consent > CONSENT_TRAINING) revert UnknownConsent(consent, CONSENT_TRAINING);
    }

    function _checkSignature(address artist, bytes32 structHash, uint256 deadline, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        if (!SignatureChecker.isValidSignatureNow(artist, _hashTypedDataV4(structHash), signature)) {
            revert BadSignature(artist);
        }
    }
}
