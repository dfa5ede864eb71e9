// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title Balances that believe the token, pay before they take note, and leaves that are hashed once
/// @notice What the tests show attacks against. Never deployed but by them.
contract NaiveLedgerMock {
    IERC20 public immutable token;
    mapping(address account => uint256) public owed;

    constructor(IERC20 token_) {
        token = token_;
    }

    /// @notice Takes `amount` of the caller's for `account`, and believes that it came. Anyone.
    function deposit(address account, uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
        owed[account] += amount;
    }

    /// @notice Pays first, takes note after. Anyone.
    function claim(address account) external {
        token.transfer(account, owed[account]);
        owed[account] = 0;
    }

    /// @notice Pays each in turn: whom the token refuses holds up all. Anyone.
    function claimMany(address[] calldata accounts) external {
        for (uint256 i = 0; i < accounts.length; ++i) {
            token.transfer(accounts[i], owed[accounts[i]]);
            owed[accounts[i]] = 0;
        }
    }

    /// @notice Whether (work, amount) is in the tree with this root.
    function isCredited(bytes32 root, bytes32 work, uint256 amount, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return MerkleProof.verifyCalldata(proof, root, keccak256(abi.encode(work, amount)));
    }
}
