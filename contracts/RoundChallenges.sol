// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IStakeToken} from "./interfaces/IStakeToken.sol";
import {ITrainingRounds} from "./interfaces/ITrainingRounds.sol";

/// @title Rounds, the challenges to them, and the bonds behind both
/// @notice Anyone with a bond may challenge a round until its window ends, whoever else has: a sham challenge
/// takes no time away from a real one. Each challenge is decided, or lapses, by itself; the first that is
/// upheld or lapses rejects the round. No bond is held for ever: each is owed to somebody in the end, and
/// every step is for anyone but the resolver's. Bonds are in the settlement token's smallest unit, times are
/// Unix seconds, challenge ids start at 1 in each round.
abstract contract RoundChallenges is ITrainingRounds, AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant PROPOSER_ROLE = keccak256("PROPOSER_ROLE");
    bytes32 public constant RESOLVER_ROLE = keccak256("RESOLVER_ROLE");
    /// @notice Seconds that the resolver has for a challenge: a vote with its timelock takes up to ten days.
    uint64 public constant ANSWER_PERIOD = 30 days;

    IERC20 public immutable settlementToken;
    IStakeToken public immutable stakeToken;
    ICompensationRules public immutable rules;
    /// @notice Resolves while there is no stake and so nobody who could vote; has no say ever after.
    address public immutable bootstrapResolver;

    /// @notice The id that the next proposal gets; ids start at 1.
    uint256 public nextRoundId = 1;
    mapping(uint256 roundId => Round) public rounds;
    mapping(uint256 roundId => mapping(uint256 challengeId => Challenge)) public challenges;
    /// @notice Bonds that claimBond(account) pays.
    mapping(address account => uint256) public bondOwed;

    /// @param admin The timelock: grants and revokes the roles, and resolves challenges.
    /// @param proposer Proposes rounds.
    constructor(
        IERC20 settlementToken_,
        IStakeToken stakeToken_,
        ICompensationRules rules_,
        address admin,
        address proposer,
        address bootstrapResolver_
    ) {
        settlementToken = settlementToken_;
        stakeToken = stakeToken_;
        rules = rules_;
        bootstrapResolver = bootstrapResolver_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(RESOLVER_ROLE, admin);
        _grantRole(PROPOSER_ROLE, proposer);
    }

    /// @notice Challenges one leaf of a round with a bond and evidence; the round cannot be finalised while
    /// the challenge is open. Anyone, within the window.
    /// @param evidenceDigest Of the CID of the evidence. Reverts WrongState, WindowClosed, BondTooSmall.
    function challenge(uint256 roundId, address account, uint256 amount, bytes32 evidenceDigest)
        external
        nonReentrant
        returns (uint256 challengeId)
    {
        Round storage round = _inState(roundId, State.Proposed);
        uint64 endsAt = round.challengeEndsAt;
        if (block.timestamp > endsAt) revert WindowClosed(endsAt, block.timestamp);
        challengeId = ++round.challengeCount;
        ++round.openChallenges;
        uint64 answerBy = uint64(block.timestamp) + ANSWER_PERIOD;
        Challenge storage filed = challenges[roundId][challengeId];
        (filed.challenger, filed.answerBy, filed.state) = (msg.sender, answerBy, ChallengeState.Open);
        uint128 bond = _takeBond(rules.rulesOf(round.rulesVersion).challengeBond);
        filed.bond = bond;
        emit RoundChallenged(
            roundId, challengeId, msg.sender, account, amount, evidenceDigest, answerBy, bond
        );
    }

    /// @notice Decides a challenge. RESOLVER_ROLE (timelock), or the bootstrap resolver while there is no
    /// stake. Upheld: the round is rejected; its proposer's bond and the challenger's own are owed to this
    /// challenger. Else the challenger's bond is owed to the proposer. Until the challenge's answerBy.
    /// Reverts WrongState, ChallengeNotOpen, AnswerTooLate.
    /// @dev Guarded, because a challenge stands before its bond has arrived.
    function resolve(uint256 roundId, uint256 challengeId, bool upheld) external nonReentrant {
        if (msg.sender != bootstrapResolver || stakeToken.totalSupply() != 0) _checkRole(RESOLVER_ROLE);
        Round storage round = _inState(roundId, State.Proposed);
        Challenge storage open = _open(roundId, challengeId);
        uint64 answerBy = open.answerBy;
        if (block.timestamp > answerBy) revert AnswerTooLate(answerBy, block.timestamp);
        if (upheld) {
            round.state = State.Rejected;
            bondOwed[open.challenger] += round.bond;
            round.bond = 0;
            _end(round, open, ChallengeState.Upheld, open.challenger);
        } else {
            _end(round, open, ChallengeState.Refused, round.proposer);
        }
        emit ChallengeResolved(roundId, challengeId, upheld);
    }

    /// @notice Ends a challenge that nobody resolved in time: the round is rejected, as a disputed report
    /// mints nothing, and each side is owed its own bond, as nobody said who was right. Anyone, after the
    /// challenge's answerBy. Reverts WrongState, ChallengeNotOpen, AnswerStillDue.
    function lapse(uint256 roundId, uint256 challengeId) external nonReentrant {
        Round storage round = _inState(roundId, State.Proposed);
        Challenge storage open = _open(roundId, challengeId);
        uint64 answerBy = open.answerBy;
        if (block.timestamp <= answerBy) revert AnswerStillDue(answerBy, block.timestamp);
        round.state = State.Rejected;
        bondOwed[round.proposer] += round.bond;
        round.bond = 0;
        _end(round, open, ChallengeState.Lapsed, open.challenger);
        emit ChallengeLapsed(roundId, challengeId);
    }

    /// @notice Owes the challenger the bond of a challenge that was still open when its round was rejected.
    /// Anyone. Reverts WrongState, ChallengeNotOpen.
    function closeChallenge(uint256 roundId, uint256 challengeId) external nonReentrant {
        Round storage round = _inState(roundId, State.Rejected);
        Challenge storage open = _open(roundId, challengeId);
        _end(round, open, ChallengeState.Closed, open.challenger);
        emit ChallengeClosed(roundId, challengeId);
    }

    /// @notice Pays `account` the bonds it is owed, to itself. Anyone. Does nothing when none are.
    function claimBond(address account) external nonReentrant {
        uint256 amount = bondOwed[account];
        if (amount == 0) return;
        bondOwed[account] = 0;
        emit BondClaimed(account, amount);
        settlementToken.safeTransfer(account, amount);
    }

    /// @dev Takes `bond` from the caller. @return received The measured balance increase, at least `bond`.
    function _takeBond(uint128 bond) internal returns (uint128 received) {
        uint256 before = settlementToken.balanceOf(address(this));
        settlementToken.safeTransferFrom(msg.sender, address(this), bond);
        received = SafeCast.toUint128(settlementToken.balanceOf(address(this)) - before);
        if (received < bond) revert BondTooSmall(received, bond);
    }

    function _inState(uint256 roundId, State wanted) internal view returns (Round storage round) {
        round = rounds[roundId];
        if (round.state != wanted) revert WrongState(roundId, round.state, wanted);
    }

    /// @dev The challenge is over as `state`; its bond is owed to `to`.
    function _end(Round storage round, Challenge storage open, ChallengeState state, address to) private {
        open.state = state;
        --round.openChallenges;
        bondOwed[to] += open.bond;
        open.bond = 0;
    }

    function _open(uint256 roundId, uint256 challengeId) private view returns (Challenge storage open) {
        open = challenges[roundId][challengeId];
        if (open.state != ChallengeState.Open) revert ChallengeNotOpen(roundId, challengeId, open.state);
    }
}
