// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IStakeToken} from "./interfaces/IStakeToken.sol";
import {RoundChallenges} from "./RoundChallenges.sol";

/// @title Training rounds and the stake they mint
/// @notice A round is proposed with a bond and a published report, may be challenged within its window by
/// anyone with a bond, and once finalised its allocations are claimed by Merkle proof, by anyone for anyone.
/// Rules (bonds, window, mint budget) are those in force at the proposal. Bonds are in the settlement token's
/// smallest unit, stake has 18 decimals, times are Unix seconds.
contract TrainingRounds is RoundChallenges {
    /// @notice Root, budget and minted stake of each part of a round's mint.
    mapping(uint256 roundId => mapping(Part part => MintPart)) public mintParts;
    /// @notice Whether the account's allocation in this part of the round was minted.
    mapping(uint256 roundId => mapping(Part part => mapping(address account => bool))) public claimed;

    constructor(
        IERC20 settlementToken_,
        IStakeToken stakeToken_,
        ICompensationRules rules_,
        address admin,
        address proposer,
        address bootstrapResolver_
    ) RoundChallenges(settlementToken_, stakeToken_, rules_, admin, proposer, bootstrapResolver_) {}

    /// @notice Proposes a round and takes the rules' proposal bond. PROPOSER_ROLE, once in each mint interval
    /// of the rules in force.
    /// @param expectedRoundId The id that the allocations' leaves were built for; reverts UnexpectedRound
    /// when another round got it first. Reverts EmptyProposal, SameRoots, RoundTooSoon, BondTooSmall.
    function propose(uint256 expectedRoundId, Proposal calldata p)
        external
        nonReentrant
        onlyRole(PROPOSER_ROLE)
        returns (uint256 roundId)
    {
        roundId = nextRoundId++;
        if (expectedRoundId != roundId) revert UnexpectedRound(expectedRoundId, roundId);
        if (p.modelDigest == 0 || p.reportDigest == 0 || p.allocationsRoot == 0) revert EmptyProposal();
        if (p.allocationsRoot == p.learningRoot) revert SameRoots(p.learningRoot);
        uint32 version = rules.currentVersion();
        ICompensationRules.Rules memory r = rules.rulesOf(version);
        _checkInterval(roundId - 1, r.mintInterval);

        Round storage round = rounds[roundId];
        round.proposer = msg.sender;
        round.proposedAt = uint64(block.timestamp);
        round.challengeEndsAt = uint64(block.timestamp) + r.challengeWindow;
        round.state = State.Proposed;
        round.rulesVersion = version;
        uint128 learning = uint128(uint256(r.mintPerRound) * r.learningMintBps / 10_000);
        mintParts[roundId][Part.Artists] = MintPart(p.allocationsRoot, r.mintPerRound - learning, 0);
        // Without learning contributors their part is not minted: it is nobody else's.
        if (p.learningRoot != 0) mintParts[roundId][Part.Learning] = MintPart(p.learningRoot, learning, 0);
        uint128 bond = _takeBond(r.proposalBond);
        round.bond = bond;
        emit RoundProposed(roundId, msg.sender, version, p, round.challengeEndsAt, bond);
    }

    /// @notice Opens the stake claims of a round without open challenges and owes the proposer the bond.
    /// Anyone, after the window. Reverts WrongState, WindowOpen, ChallengesOpen.
    function finalise(uint256 roundId) external nonReentrant {
        Round storage round = _inState(roundId, State.Proposed);
        uint64 endsAt = round.challengeEndsAt;
        if (block.timestamp <= endsAt) revert WindowOpen(endsAt, block.timestamp);
        if (round.openChallenges != 0) revert ChallengesOpen(roundId, round.openChallenges);
        round.state = State.Finalised;
        bondOwed[round.proposer] += round.bond;
        round.bond = 0;
        mapping(Part => MintPart) storage parts = mintParts[roundId];
        emit RoundFinalised(roundId, uint256(parts[Part.Artists].budget) + parts[Part.Learning].budget);
    }

    /// @notice Mints the stake allocated to `account` in one part of a finalised round, to it. Anyone. An
    /// account may have one leaf in each part. Reverts WrongState, AlreadyClaimed, NotAllocated,
    /// MintBudgetExceeded.
    function claim(uint256 roundId, Part part, address account, uint256 amount, bytes32[] calldata proof)
        external
    {
        _inState(roundId, State.Finalised);
        if (claimed[roundId][part][account]) revert AlreadyClaimed(roundId, part, account);
        _claim(roundId, part, account, amount, proof);
    }

    /// @notice As claim, for several accounts; skips those claimed already, so that nobody can spoil a batch.
    /// Anyone; the caller bounds the lists. Reverts LengthMismatch too.
    function claimMany(
        uint256 roundId,
        Part part,
        address[] calldata accounts,
        uint256[] calldata amounts,
        bytes32[][] calldata proofs
    ) external {
        if (accounts.length != amounts.length || accounts.length != proofs.length) {
            revert LengthMismatch(accounts.length, amounts.length, proofs.length);
        }
        _inState(roundId, State.Finalised);
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (claimed[roundId][part][accounts[i]]) continue;
            _claim(roundId, part, accounts[i], amounts[i], proofs[i]);
        }
    }

    /// @notice The leaf of an allocation: names its round, and is hashed twice so that no inner node passes
    /// for it. Its part is named by the root that it leads to.
    function leafOf(uint256 roundId, address account, uint256 amount) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(roundId, account, amount))));
    }

    function _claim(uint256 roundId, Part part, address account, uint256 amount, bytes32[] calldata proof)
        private
    {
        MintPart storage from = mintParts[roundId][part];
        if (!MerkleProof.verifyCalldata(proof, from.root, leafOf(roundId, account, amount))) {
            revert NotAllocated(roundId, part, account, amount);
        }
        uint256 left = from.budget - from.minted;
        if (amount > left) revert MintBudgetExceeded(amount, left);
        from.minted += uint128(amount);
        claimed[roundId][part][account] = true;
        emit StakeClaimed(roundId, part, account, amount);
        stakeToken.mint(account, amount);
    }

    /// @dev The latest round alone tells: every earlier one that stands kept its distance to it. A rejected
    /// one mints nothing, so that the next may be proposed at once in its place.
    function _checkInterval(uint256 latest, uint32 interval) private view {
        if (rounds[latest].state == State.Rejected || latest == 0) return;
        uint256 earliest = uint256(rounds[latest].proposedAt) + interval;
        if (block.timestamp < earliest) revert RoundTooSoon(earliest, block.timestamp);
    }
}
