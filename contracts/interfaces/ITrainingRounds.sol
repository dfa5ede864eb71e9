// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of the training rounds: their types, events and errors
interface ITrainingRounds {
    struct Proposal {
        bytes32 modelDigest; // of the CID of the model version
        bytes32 datasetRoot;
        bytes32 reportDigest; // of the CID of the report
        bytes32 allocationsRoot; // over leafOf(round, account, amount), OpenZeppelin's StandardMerkleTree
        bytes32 settingsHash;
        uint64 seed;
    }

    enum State {
        None,
        Proposed,
        Challenged,
        Finalised,
        Rejected
    }

    struct Round {
        address proposer;
        uint64 challengeEndsAt; // last second in which the round may be challenged
        State state;
        address challenger; // of the open, upheld or lapsed challenge
        uint32 rulesVersion;
        uint64 answerBy; // last second in which the open challenge may be resolved; 0 when none is open
        uint128 bond;
        uint128 challengeBond;
        uint128 mintBudget;
        uint128 minted;
        bytes32 allocationsRoot;
    }

    event RoundProposed(
        uint256 indexed roundId,
        address indexed proposer,
        uint32 rulesVersion,
        Proposal proposal,
        uint64 challengeEndsAt,
        uint256 bond
    );
    event RoundChallenged(
        uint256 indexed roundId,
        address indexed challenger,
        address account,
        uint256 amount,
        bytes32 evidenceDigest,
        uint256 bond
    );
    /// @param challengeEndsAt The end of the fresh window; 0 when the round is rejected.
    event ChallengeResolved(uint256 indexed roundId, bool upheld, uint64 challengeEndsAt);
    /// @notice Nobody resolved the challenge in time: the round is rejected, each side is owed its own bond.
    event ChallengeLapsed(uint256 indexed roundId);
    event RoundFinalised(uint256 indexed roundId, uint256 mintBudget);
    event StakeClaimed(uint256 indexed roundId, address indexed account, uint256 amount);
    event BondClaimed(address indexed account, uint256 amount);

    error UnexpectedRound(uint256 expected, uint256 next);
    error EmptyProposal();
    error WrongState(uint256 roundId, State state, State wanted);
    error WindowClosed(uint64 endedAt, uint256 now_);
    error WindowOpen(uint64 endsAt, uint256 now_);
    error AnswerTooLate(uint64 answerBy, uint256 now_);
    error AnswerStillDue(uint64 answerBy, uint256 now_);
    error BondTooSmall(uint256 received, uint256 bond);
    error AlreadyClaimed(uint256 roundId, address account);
    error NotAllocated(uint256 roundId, address account, uint256 amount);
    error MintBudgetExceeded(uint256 asked, uint256 left);
    error LengthMismatch(uint256 accounts, uint256 amounts, uint256 proofs);
}
