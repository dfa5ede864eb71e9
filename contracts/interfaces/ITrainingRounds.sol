// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of the training rounds: their types, events and errors
interface ITrainingRounds {
    struct Proposal {
        bytes32 modelDigest; // of the CID of the model version
        bytes32 datasetRoot;
        bytes32 reportDigest; // of the CID of the report
        bytes32 allocationsRoot; // of the artists: over leafOf(round, account, amount), OpenZeppelin's
        // StandardMerkleTree
        bytes32 learningRoot; // of the learning contributors, alike; 0 when the report names none
        bytes32 settingsHash;
        uint64 seed;
    }

    enum State {
        None,
        Proposed,
        Finalised,
        Rejected
    }

    enum ChallengeState {
        None,
        Open,
        Upheld,
        Refused,
        Lapsed, // nobody decided it in time
        Closed // left open by a round that was rejected for another challenge
    }

    /// @notice The two parts of a round's mint: each has its own tree of leaves and its own budget.
    enum Part {
        Artists,
        Learning
    }

    struct Round {
        address proposer;
        State state;
        uint32 rulesVersion;
        uint64 proposedAt;
        uint64 challengeEndsAt; // last second in which the round may be challenged
        uint32 challengeCount;
        uint32 openChallenges; // while there is one, the round cannot be finalised
        uint128 bond;
    }

    struct Challenge {
        address challenger;
        uint64 answerBy; // last second in which the challenge may be resolved
        ChallengeState state;
        uint128 bond;
    }

    struct MintPart {
        bytes32 root;
        uint128 budget; // stake, smallest unit
        uint128 minted;
    }

    /// @notice A round may be challenged until `challengeEndsAt` (Unix seconds).
    event RoundProposed(
        uint256 indexed roundId,
        address indexed proposer,
        uint32 rulesVersion,
        Proposal proposal,
        uint64 challengeEndsAt,
        uint256 bond
    );
    /// @notice `challenger` says that the leaf (account, amount) is wrong; decided until `answerBy`, or
    /// lapsed.
    event RoundChallenged(
        uint256 indexed roundId,
        uint256 indexed challengeId,
        address indexed challenger,
        address account,
        uint256 amount,
        bytes32 evidenceDigest,
        uint64 answerBy,
        uint256 bond
    );
    /// @notice Upheld: the round is rejected, the challenger is owed its bond and the proposer's. Else the
    /// proposer is owed the challenger's.
    event ChallengeResolved(uint256 indexed roundId, uint256 indexed challengeId, bool upheld);
    /// @notice Nobody resolved the challenge in time: the round is rejected, each side is owed its own bond.
    event ChallengeLapsed(uint256 indexed roundId, uint256 indexed challengeId);
    /// @notice The challenge was still open when its round was rejected: the challenger is owed its bond.
    event ChallengeClosed(uint256 indexed roundId, uint256 indexed challengeId);
    /// @notice Claims of stake are open, up to `mintBudget` in both parts.
    /// @param mintBudget Most stake that both parts together may mint, smallest unit.
    event RoundFinalised(uint256 indexed roundId, uint256 mintBudget);
    /// @notice The account's allocation in this part was minted to it.
    event StakeClaimed(uint256 indexed roundId, Part indexed part, address indexed account, uint256 amount);
    /// @notice Bonds owed to the account were paid.
    event BondClaimed(address indexed account, uint256 amount);

    /// @notice The leaves were built for another id.
    error UnexpectedRound(uint256 expected, uint256 next);
    /// @notice The rules let the next round be proposed from `earliest` (Unix seconds) on.
    error RoundTooSoon(uint256 earliest, uint256 now_);
    /// @notice A proposal needs model, report and the artists' root.
    error EmptyProposal();
    /// @notice One root for both parts would let each of its leaves be claimed twice.
    error SameRoots(bytes32 root);
    /// @notice The round is in another state than this call needs.
    error WrongState(uint256 roundId, State state, State wanted);
    /// @notice Every challenge must be over first.
    error ChallengesOpen(uint256 roundId, uint256 count);
    /// @notice The challenge is over or was never filed.
    error ChallengeNotOpen(uint256 roundId, uint256 challengeId, ChallengeState state);
    /// @notice The last second for a challenge was `endedAt`.
    error WindowClosed(uint64 endedAt, uint256 now_);
    /// @notice The round may still be challenged until `endsAt`.
    error WindowOpen(uint64 endsAt, uint256 now_);
    /// @notice The challenge could be decided until `answerBy`; now anyone lapses it.
    error AnswerTooLate(uint64 answerBy, uint256 now_);
    /// @notice The challenge may still be decided until `answerBy`.
    error AnswerStillDue(uint64 answerBy, uint256 now_);
    /// @notice The token delivered less than the bond.
    error BondTooSmall(uint256 received, uint256 bond);
    /// @notice The account's allocation in this part was minted before.
    error AlreadyClaimed(uint256 roundId, Part part, address account);
    /// @notice The proof does not lead from this leaf to the root of this part.
    error NotAllocated(uint256 roundId, Part part, address account, uint256 amount);
    /// @notice The leaves of this part sum to more than its budget.
    error MintBudgetExceeded(uint256 asked, uint256 left);
    /// @notice Each account needs an amount and a proof.
    error LengthMismatch(uint256 accounts, uint256 amounts, uint256 proofs);
}
