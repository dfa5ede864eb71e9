// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IStakeToken} from "./interfaces/IStakeToken.sol";
import {ITrainingRounds} from "./interfaces/ITrainingRounds.sol";

/// @title Training rounds and the stake they mint
/// @notice A round is proposed with a bond and a published report, may be challenged within its window by
/// anyone with a bond, and once finalised its allocations are claimed by Merkle proof, by anyone for anyone.
/// Rules (bonds, window, mint budget) are those in force at the proposal. Bonds are in the settlement token's
/// smallest unit, stake has 18 decimals, times are Unix seconds.
contract TrainingRounds is ITrainingRounds, AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant PROPOSER_ROLE = keccak256("PROPOSER_ROLE");
    bytes32 public constant RESOLVER_ROLE = keccak256("RESOLVER_ROLE");
    /// @notice Seconds that the resolver has for a challenge: a vote with its timelock takes up to ten days.
    uint64 public constant ANSWER_PERIOD = 30 days;

    IERC20 public immutable settlementToken;
    IStakeToken public immutable stakeToken;
    ICompensationRules public immutable rules;

    /// @notice The id that the next proposal gets; ids start at 1.
    uint256 public nextRoundId = 1;
    mapping(uint256 roundId => Round) public rounds;
    /// @notice Whether the account's allocation of the round was minted.
    mapping(uint256 roundId => mapping(address account => bool)) public claimed;
    /// @notice Bonds that claimBond(account) pays.
    mapping(address account => uint256) public bondOwed;

    /// @param admin The timelock: grants and revokes the roles, and resolves challenges.
    /// @param proposer Proposes rounds.
    constructor(
        IERC20 settlementToken_,
        IStakeToken stakeToken_,
        ICompensationRules rules_,
        address admin,
        address proposer
    ) {
        settlementToken = settlementToken_;
        stakeToken = stakeToken_;
        rules = rules_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(RESOLVER_ROLE, admin);
        _grantRole(PROPOSER_ROLE, proposer);
    }

    /// @notice Proposes a round and takes the rules' proposal bond. PROPOSER_ROLE.
    /// @param expectedRoundId The id that the allocations' leaves were built for; reverts UnexpectedRound
    /// when another round got it first. Reverts EmptyProposal, BondTooSmall.
    function propose(uint256 expectedRoundId, Proposal calldata p)
        external
        nonReentrant
        onlyRole(PROPOSER_ROLE)
        returns (uint256 roundId)
    {
        roundId = nextRoundId++;
        if (expectedRoundId != roundId) revert UnexpectedRound(expectedRoundId, roundId);
        if (p.modelDigest == 0 || p.reportDigest == 0 || p.allocationsRoot == 0) revert EmptyProposal();
        uint32 version = rules.currentVersion();
        ICompensationRules.Rules memory r = rules.rulesOf(version);

        Round storage round = rounds[roundId];
        round.proposer = msg.sender;
        round.challengeEndsAt = uint64(block.timestamp) + r.challengeWindow;
        round.state = State.Proposed;
        round.rulesVersion = version;
        round.mintBudget = r.mintPerRound;
        round.allocationsRoot = p.allocationsRoot;
        round.bond = _takeBond(r.proposalBond);
        emit RoundProposed(roundId, msg.sender, version, p, round.challengeEndsAt, round.bond);
    }

    /// @notice Challenges one leaf of a round with a bond and evidence; freezes this round only. Anyone,
    /// within the window.
    /// @param evidenceDigest Of the CID of the evidence. Reverts WrongState, WindowClosed, BondTooSmall.
    function challenge(uint256 roundId, address account, uint256 amount, bytes32 evidenceDigest)
        external
        nonReentrant
    {
        Round storage round = _inState(roundId, State.Proposed);
        uint64 endsAt = round.challengeEndsAt;
        if (block.timestamp > endsAt) revert WindowClosed(endsAt, block.timestamp);
        round.state = State.Challenged;
        round.challenger = msg.sender;
        round.answerBy = uint64(block.timestamp) + ANSWER_PERIOD;
        round.challengeBond = _takeBond(rules.rulesOf(round.rulesVersion).challengeBond);
        emit RoundChallenged(roundId, msg.sender, account, amount, evidenceDigest, round.challengeBond);
    }

    /// @notice Decides a challenge. RESOLVER_ROLE (timelock). Upheld: the round is rejected and both bonds
    /// are owed to the challenger. Else the challenger's bond is owed to the proposer and a fresh window
    /// begins, so that a sham challenge cannot use up the time of a real one. Until the round's answerBy.
    /// Reverts WrongState, AnswerTooLate.
    /// @dev Guarded, because a challenge stands before its bond has arrived.
    function resolve(uint256 roundId, bool upheld) external nonReentrant onlyRole(RESOLVER_ROLE) {
        Round storage round = _inState(roundId, State.Challenged);
        uint64 answerBy = round.answerBy;
        if (block.timestamp > answerBy) revert AnswerTooLate(answerBy, block.timestamp);
        round.answerBy = 0;
        uint64 endsAt;
        if (upheld) {
            round.state = State.Rejected;
            bondOwed[round.challenger] += uint256(round.bond) + round.challengeBond;
            round.bond = 0;
        } else {
            round.state = State.Proposed;
            endsAt = uint64(block.timestamp) + rules.rulesOf(round.rulesVersion).challengeWindow;
            round.challengeEndsAt = endsAt;
            bondOwed[round.proposer] += round.challengeBond;
            round.challenger = address(0);
        }
        round.challengeBond = 0;
        emit ChallengeResolved(roundId, upheld, endsAt);
    }

    /// @notice Ends a challenge that nobody resolved in time, so that no bond is held for ever: the round is
    /// rejected, because a disputed report mints nothing, and each side is owed its own bond, because nobody
    /// said who was right. Anyone, after the round's answerBy. Reverts WrongState, AnswerStillDue.
    function lapse(uint256 roundId) external nonReentrant {
        Round storage round = _inState(roundId, State.Challenged);
        uint64 answerBy = round.answerBy;
        if (block.timestamp <= answerBy) revert AnswerStillDue(answerBy, block.timestamp);
        round.state = State.Rejected;
        bondOwed[round.proposer] += round.bond;
        bondOwed[round.challenger] += round.challengeBond;
        (round.bond, round.challengeBond, round.answerBy) = (0, 0, 0);
        emit ChallengeLapsed(roundId);
    }

    /// @notice Opens the stake claims of an unchallenged round and owes the proposer the bond. Anyone, after
    /// the window. Reverts WrongState, WindowOpen.
    function finalise(uint256 roundId) external {
        Round storage round = _inState(roundId, State.Proposed);
        uint64 endsAt = round.challengeEndsAt;
        if (block.timestamp <= endsAt) revert WindowOpen(endsAt, block.timestamp);
        round.state = State.Finalised;
        bondOwed[round.proposer] += round.bond;
        round.bond = 0;
        emit RoundFinalised(roundId, round.mintBudget);
    }

    /// @notice Mints the stake allocated to `account` by a finalised round, to it. Anyone. Reverts
    /// WrongState, AlreadyClaimed, NotAllocated, MintBudgetExceeded.
    function claim(uint256 roundId, address account, uint256 amount, bytes32[] calldata proof) external {
        Round storage round = _inState(roundId, State.Finalised);
        if (claimed[roundId][account]) revert AlreadyClaimed(roundId, account);
        _claim(round, roundId, account, amount, proof);
    }

    /// @notice As claim, for several accounts; skips those claimed already, so that nobody can spoil a batch.
    /// Anyone; the caller bounds the lists.
    function claimMany(
        uint256 roundId,
        address[] calldata accounts,
        uint256[] calldata amounts,
        bytes32[][] calldata proofs
    ) external {
        if (accounts.length != amounts.length || accounts.length != proofs.length) {
            revert LengthMismatch(accounts.length, amounts.length, proofs.length);
        }
        Round storage round = _inState(roundId, State.Finalised);
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (!claimed[roundId][accounts[i]]) _claim(round, roundId, accounts[i], amounts[i], proofs[i]);
        }
    }

    /// @notice Pays `account` the bonds it is owed, to itself. Anyone. Does nothing when none are.
    function claimBond(address account) external nonReentrant {
        uint256 amount = bondOwed[account];
        if (amount == 0) return;
        bondOwed[account] = 0;
        emit BondClaimed(account, amount);
        settlementToken.safeTransfer(account, amount);
    }

    /// @notice The leaf of an allocation: names its round, and is hashed twice so that no inner node passes
    /// for it.
    function leafOf(uint256 roundId, address account, uint256 amount) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(roundId, account, amount))));
    }

    function _claim(
        Round storage round,
        uint256 roundId,
        address account,
        uint256 amount,
        bytes32[] calldata proof
    ) private {
        if (!MerkleProof.verifyCalldata(proof, round.allocationsRoot, leafOf(roundId, account, amount))) {
            revert NotAllocated(roundId, account, amount);
        }
        uint256 left = round.mintBudget - round.minted;
        if (amount > left) revert MintBudgetExceeded(amount, left);
        round.minted += uint128(amount);
        claimed[roundId][account] = true;
        emit StakeClaimed(roundId, account, amount);
        stakeToken.mint(account, amount);
    }

    /// @return received The measured balance increase, at least `bond`.
    function _takeBond(uint128 bond) private returns (uint128 received) {
        uint256 before = settlementToken.balanceOf(address(this));
        settlementToken.safeTransferFrom(msg.sender, address(this), bond);
        received = SafeCast.toUint128(settlementToken.balanceOf(address(this)) - before);
        if (received < bond) revert BondTooSmall(received, bond);
    }

    function _inState(uint256 roundId, State wanted) private view returns (Round storage round) {
        round = rounds[roundId];
        if (round.state != wanted) revert WrongState(roundId, round.state, wanted);
    }
}
