// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArtistSignatures} from "./ArtistSignatures.sol";

/// @title Who is paid for an artist
/// @notice Credits in the settlement token stay owed to the artist; whoever claims them has them paid to the
/// payee that the artist names at that moment. Stake is minted to the artist.
abstract contract ArtistPayees is ArtistSignatures {
    mapping(address artist => address) private _payees;

    /// @notice Names who is paid for the caller; the caller itself or 0: nobody else any more. Any address.
    /// Uses up a nonce, as setConsent.
    function setPayee(address payee) external {
        _useNonce(msg.sender);
        _setPayee(msg.sender, payee);
    }

    /// @notice As setPayee, by the artist's signature over SetPayee. Anyone. Reverts SignatureExpired,
    /// BadSignature.
    function setPayeeFor(address artist, address payee, uint256 deadline, bytes calldata signature) external {
        bytes32 content = keccak256(
            abi.encode(SET_PAYEE_TYPEHASH, artist, payee, _useNonce(artist), deadline)
        );
        _checkSignature(artist, content, deadline, signature);
        _setPayee(artist, payee);
    }

    /// @notice Who is paid what sales owe to `artist`: the artist itself unless it named another.
    function payeeOf(address artist) external view returns (address) {
        address payee = _payees[artist];
        return payee == address(0) ? artist : payee;
    }

    function _setPayee(address artist, address payee) private {
        bool itself = payee == artist || payee == address(0);
        _payees[artist] = itself ? address(0) : payee;
        emit PayeeChanged(artist, itself ? artist : payee);
    }
}
