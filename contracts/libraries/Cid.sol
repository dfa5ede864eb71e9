// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPFS content identifiers as people read them
library Cid {
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /// @notice The CIDv1 of a dag-pb node with this sha2-256 digest, in base32 ("bafybei...", 59 characters).
    /// @dev Multibase prefix "b", then RFC 4648 base32 in lower case without padding of 0x01 (version), 0x70
    /// (dag-pb), 0x12 0x20 (sha2-256, 32 bytes) and the digest: 36 bytes, 58 digits. Source: the CID, multibase
    /// and multihash specifications.
    function toString(bytes32 digest) internal pure returns (string memory) {
        bytes memory text = new bytes(59);
        text[0] = "b";
        // 288 bits in 58 digits of 5 bits: the last digit is filled up with two zero bits.
        uint256 high = uint256(0x01701220) << 2 | uint256(digest) >> 254; // the first 34 bits
        uint256 low = uint256(digest) << 2; // the last 254 bits, at the top
        uint256 i = 1;
        // The first 30 bits are 6 digits; the 4 that remain of `high` begin the seventh.
        for (uint256 shift = 34; shift > 4; shift -= 5) text[i++] = ALPHABET[high >> (shift - 5) & 31];
        text[i++] = ALPHABET[(high & 15) << 1 | low >> 255];
        low <<= 1;
        for (; i < 59; ++i) {
            text[i] = ALPHABET[low >> 251];
            low <<= 5;
        }
        return string(text);
    }
}
