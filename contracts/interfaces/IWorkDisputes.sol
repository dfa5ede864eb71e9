// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of the disputes about works: their types, events and errors
interface IWorkDisputes {
    enum Kind {
        Authorship, // the claimant says that the work is theirs
        Revocation // the claimant says that nobody may use the work
    }

    enum State {
        None,
        Open, // waits for the respondent's answer or the end of its period
        Answered,
        Decided, // may be appealed
        Appealed,
        Final, // the appeal is decided
        Closed
    }

    struct Dispute {
        address claimant;
        uint64 until; // last second of what the state waits for: answer, decision, appeal, appeal's decision
        Kind kind;
        State state;
        bool upheld; // the newest ruling; false before any
        address respondent; // the work's artist when the dispute was opened
        uint32 rulesVersion; // whose challengeBond each bond of this dispute is
        uint128 claimantBond; // held for the claimant, an appeal's included
        uint128 respondentBond; // held for the respondent, an appeal's included
        bytes32 contentHash;
    }

    /// @notice `claimant` disputes a work of `respondent`'s, who may answer until `answerBy` (Unix seconds).
    event DisputeOpened(
        uint256 indexed disputeId,
        bytes32 indexed contentHash,
        address indexed claimant,
        address respondent,
        Kind kind,
        bytes32 evidenceDigest,
        uint64 answerBy,
        uint256 bond
    );
    /// @notice The respondent put up an equal bond; decided until `decideBy`, or lapsed.
    event DisputeAnswered(
        uint256 indexed disputeId,
        address indexed respondent,
        bytes32 evidenceDigest,
        uint64 decideBy,
        uint256 bond
    );
    /// @notice The side that lost may appeal until `appealBy`.
    event DisputeDecided(uint256 indexed disputeId, bool upheld, uint64 appealBy);
    /// @notice The timelock decides until `decideBy`; its silence leaves the ruling.
    event DisputeAppealed(
        uint256 indexed disputeId,
        address indexed appellant,
        bytes32 evidenceDigest,
        uint64 decideBy,
        uint256 bond
    );
    /// @notice The last word; anyone executes it.
    event AppealDecided(uint256 indexed disputeId, bool upheld);
    /// @notice The ruling was carried out.
    /// @param winner Is owed `amount`: all bonds of the dispute.
    event DisputeExecuted(uint256 indexed disputeId, bool upheld, address indexed winner, uint256 amount);
    /// @notice The record had changed: nothing was left to rule on, each side is owed its own bonds.
    event DisputeMooted(uint256 indexed disputeId);
    /// @notice Nobody decided in time: nothing changes, each side is owed its own bond.
    event DisputeLapsed(uint256 indexed disputeId);
    /// @notice Bonds owed to the account were paid.
    event BondClaimed(address indexed account, uint256 amount);

    /// @notice Nobody registered this work.
    error UnknownWork(bytes32 contentHash);
    /// @notice The work is revoked as it is.
    error RevokedAlready(bytes32 contentHash);
    /// @notice A digest of evidence is needed.
    error EmptyEvidence();
    /// @notice The dispute is in a state in which this call is not possible.
    error NotInState(uint256 disputeId, State state);
    /// @notice Only the artist at the time of the dispute answers.
    error NotRespondent(uint256 disputeId, address respondent, address caller);
    /// @notice Only the side that lost appeals.
    error NotLoser(uint256 disputeId, address loser, address caller);
    /// @notice The last second for this call was `until`.
    error TooLate(uint256 disputeId, uint64 until, uint256 now_);
    /// @notice This call is possible after `until`.
    error TooEarly(uint256 disputeId, uint64 until, uint256 now_);
    /// @notice The token delivered less than the bond.
    error BondTooSmall(uint256 received, uint256 bond);
}
