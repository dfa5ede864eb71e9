// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";

/// @title Orders paid by ERC-3009 whose nonce says nothing about the order
/// @notice What the tests show attacks against. Never deployed but by them.
contract NaiveOrdersMock {
    IERC3009 public immutable token;
    mapping(address buyer => bytes32) public promptOf;

    constructor(IERC3009 token_) {
        token = token_;
    }

    /// @notice Takes the buyer's price for a generation of the prompt. Anyone.
    function requestWithAuthorization(
        address buyer,
        bytes32 promptHash,
        uint256 price,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        token.receiveWithAuthorization(buyer, address(this), price, validAfter, validBefore, nonce, v, r, s);
        promptOf[buyer] = promptHash;
    }
}
