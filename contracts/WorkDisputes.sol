// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IArtworkRegistry} from "./interfaces/IArtworkRegistry.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IWorkDisputes} from "./interfaces/IWorkDisputes.sol";

/// @title Disputes about works
/// @notice Anyone says under bond that a work is theirs, or that it must not be used. The artist may answer
/// under an equal bond, the resolver decides, the loser may appeal to the timelock under one more bond. When
/// the ruling is final, anyone has it executed: the work moves or is revoked, and all bonds are owed to the
/// winner. Several disputes about one work may stand at once. Bonds are in the settlement token's smallest
/// unit, times are Unix seconds; the last second of a period still belongs to it.
/// @dev received = held in disputes + owed + claimed. From every state a call by anyone leads on once `until`
/// has passed, so that no bond is held for ever.
contract WorkDisputes is IWorkDisputes, AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant RESOLVER_ROLE = keccak256("RESOLVER_ROLE");
    /// @notice Seconds that the respondent has.
    uint64 public constant ANSWER_PERIOD = 7 days;
    /// @notice Seconds that the resolver has after the end of the answer period, and the timelock for an
    /// appeal: a vote with its timelock takes up to ten days.
    uint64 public constant DECISION_PERIOD = 30 days;
    /// @notice Seconds that the side that lost has.
    uint64 public constant APPEAL_PERIOD = 7 days;

    IERC20 public immutable settlementToken;
    ICompensationRules public immutable rules;
    IArtworkRegistry public immutable registry;

    /// @notice The id that the next dispute gets; ids start at 1.
    uint256 public nextDisputeId = 1;
    mapping(uint256 disputeId => Dispute) private _disputes;
    /// @notice Bonds that claimBond(account) pays.
    mapping(address account => uint256) public bondOwed;

    /// @param admin The timelock: grants and revokes the roles, resolves, and decides appeals.
    constructor(
        IERC20 settlementToken_,
        ICompensationRules rules_,
        IArtworkRegistry registry_,
        address admin
    ) {
        settlementToken = settlementToken_;
        rules = rules_;
        registry = registry_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(RESOLVER_ROLE, admin);
    }

    /// @notice Opens a dispute about a registered work and takes the rules' challenge bond. Anyone.
    /// @param evidenceDigest Of the CID of the evidence. Reverts UnknownWork, RevokedAlready, EmptyEvidence,
    /// BondTooSmall.
    function open(bytes32 contentHash, Kind kind, bytes32 evidenceDigest)
        external
        nonReentrant
        returns (uint256 disputeId)
    {
        if (evidenceDigest == 0) revert EmptyEvidence();
        IArtworkRegistry.Record memory record = registry.recordOf(contentHash);
        if (record.artist == address(0)) revert UnknownWork(contentHash);
        if (kind == Kind.Revocation && record.revoked) revert RevokedAlready(contentHash);

        disputeId = nextDisputeId++;
        Dispute storage d = _disputes[disputeId];
        d.claimant = msg.sender;
        d.until = uint64(block.timestamp) + ANSWER_PERIOD;
        d.kind = kind;
        d.state = State.Open;
        d.respondent = record.artist;
        d.rulesVersion = rules.currentVersion();
        d.contentHash = contentHash;
        uint128 bond = _takeBond(d.rulesVersion);
        d.claimantBond = bond;
        emit DisputeOpened(
            disputeId, contentHash, msg.sender, record.artist, kind, evidenceDigest, d.until, bond
        );
    }

    /// @notice Answers a dispute with evidence and an equal bond. The respondent, within ANSWER_PERIOD. Who
    /// does not answer risks no bond and has not lost. Reverts NotInState, NotRespondent, TooLate,
    /// EmptyEvidence, BondTooSmall.
    function answer(uint256 disputeId, bytes32 evidenceDigest) external nonReentrant {
        if (evidenceDigest == 0) revert EmptyEvidence();
        Dispute storage d = _inState(disputeId, State.Open);
        if (msg.sender != d.respondent) revert NotRespondent(disputeId, d.respondent, msg.sender);
        _checkNotAfter(disputeId, d.until);
        d.state = State.Answered;
        d.until += DECISION_PERIOD;
        uint128 bond = _takeBond(d.rulesVersion);
        d.respondentBond = bond;
        emit DisputeAnswered(disputeId, msg.sender, evidenceDigest, d.until, bond);
    }

    /// @notice Decides a dispute for the claimant (`upheld`) or the respondent. RESOLVER_ROLE, once it is
    /// answered or the answer period is over, until DECISION_PERIOD after that period. Reverts NotInState,
    /// TooEarly, TooLate.
    function decide(uint256 disputeId, bool upheld) external nonReentrant onlyRole(RESOLVER_ROLE) {
        Dispute storage d = _undecided(disputeId);
        if (d.state == State.Open) _checkAfter(disputeId, d.until);
        _checkNotAfter(disputeId, _decideBy(d));
        d.state = State.Decided;
        d.upheld = upheld;
        d.until = uint64(block.timestamp) + APPEAL_PERIOD;
        emit DisputeDecided(disputeId, upheld, d.until);
    }

    /// @notice Takes a ruling to the timelock with one more bond. The side that lost, within APPEAL_PERIOD.
    /// Reverts NotInState, NotLoser, TooLate, EmptyEvidence, BondTooSmall.
    function appeal(uint256 disputeId, bytes32 evidenceDigest) external nonReentrant {
        if (evidenceDigest == 0) revert EmptyEvidence();
        Dispute storage d = _inState(disputeId, State.Decided);
        address loser = d.upheld ? d.respondent : d.claimant;
        if (msg.sender != loser) revert NotLoser(disputeId, loser, msg.sender);
        _checkNotAfter(disputeId, d.until);
        d.state = State.Appealed;
        d.until = uint64(block.timestamp) + DECISION_PERIOD;
        uint128 bond = _takeBond(d.rulesVersion);
        if (d.upheld) d.respondentBond += bond;
        else d.claimantBond += bond;
        emit DisputeAppealed(disputeId, msg.sender, evidenceDigest, d.until, bond);
    }

    /// @notice Decides an appeal for good: `upheld` is the dispute, not the appeal. DEFAULT_ADMIN_ROLE
    /// (timelock), within DECISION_PERIOD; its silence leaves the first ruling. Reverts NotInState, TooLate.
    function decideAppeal(uint256 disputeId, bool upheld) external nonReentrant onlyRole(DEFAULT_ADMIN_ROLE) {
        Dispute storage d = _inState(disputeId, State.Appealed);
        _checkNotAfter(disputeId, d.until);
        d.state = State.Final;
        d.upheld = upheld;
        emit AppealDecided(disputeId, upheld);
    }

    /// @notice Carries out a final ruling: one that nobody appealed in time, whose appeal is decided, or
    /// whose appeal the timelock left unanswered (the first ruling stands). All bonds are owed to the winner;
    /// when the work has another artist since the dispute was opened, or is revoked already in a dispute about
    /// revocation, each side is owed its own and nothing else happens. Anyone. Reverts NotInState, TooEarly.
    function execute(uint256 disputeId) external nonReentrant {
        Dispute storage d = _disputes[disputeId];
        State state = d.state;
        if (state == State.Decided || state == State.Appealed) _checkAfter(disputeId, d.until);
        else if (state != State.Final) revert NotInState(disputeId, state);
        if (_isMoot(d)) {
            _giveBack(d);
            emit DisputeMooted(disputeId);
            return;
        }
        bool upheld = d.upheld;
        address winner = upheld ? d.claimant : d.respondent;
        uint256 amount = uint256(d.claimantBond) + d.respondentBond;
        _close(d);
        bondOwed[winner] += amount;
        emit DisputeExecuted(disputeId, upheld, winner, amount);
        if (!upheld) return;
        if (d.kind == Kind.Authorship) registry.moveWork(d.contentHash, d.claimant);
        else registry.revokeWork(d.contentHash);
    }

    /// @notice Ends a dispute that the resolver left undecided: nothing changes, each side is owed its own
    /// bond, because nobody said who was right. Anyone, after the time for the decision. Reverts NotInState,
    /// TooEarly.
    function lapse(uint256 disputeId) external nonReentrant {
        Dispute storage d = _undecided(disputeId);
        _checkAfter(disputeId, _decideBy(d));
        _giveBack(d);
        emit DisputeLapsed(disputeId);
    }

    /// @notice Pays `account` the bonds it is owed, to itself. Anyone. Does nothing when none are.
    function claimBond(address account) external nonReentrant {
        uint256 amount = bondOwed[account];
        if (amount == 0) return;
        bondOwed[account] = 0;
        emit BondClaimed(account, amount);
        settlementToken.safeTransfer(account, amount);
    }

    /// @notice A dispute; state None when unknown.
    function disputeOf(uint256 disputeId) external view returns (Dispute memory) {
        return _disputes[disputeId];
    }

    /// @dev A ruling is about one artist's work as it stood. An upheld one must not take the work from
    /// somebody who was never heard, nor lift by accident what another dispute decided.
    function _isMoot(Dispute storage d) private view returns (bool) {
        IArtworkRegistry.Record memory record = registry.recordOf(d.contentHash);
        return record.artist != d.respondent || (d.kind == Kind.Revocation && record.revoked);
    }

    function _giveBack(Dispute storage d) private {
        bondOwed[d.claimant] += d.claimantBond;
        bondOwed[d.respondent] += d.respondentBond;
        _close(d);
    }

    function _close(Dispute storage d) private {
        d.state = State.Closed;
        (d.until, d.claimantBond, d.respondentBond) = (0, 0, 0);
    }

    /// @dev An answer comes with its time for the decision; without one that begins when the answer's ends.
    function _decideBy(Dispute storage d) private view returns (uint64) {
        return d.state == State.Open ? d.until + DECISION_PERIOD : d.until;
    }

    /// @return received The measured balance increase, at least the challenge bond of these rules.
    function _takeBond(uint32 rulesVersion) private returns (uint128 received) {
        uint128 bond = rules.rulesOf(rulesVersion).challengeBond;
        uint256 before = settlementToken.balanceOf(address(this));
        settlementToken.safeTransferFrom(msg.sender, address(this), bond);
        received = SafeCast.toUint128(settlementToken.balanceOf(address(this)) - before);
        if (received < bond) revert BondTooSmall(received, bond);
    }

    function _undecided(uint256 disputeId) private view returns (Dispute storage d) {
        d = _disputes[disputeId];
        if (d.state != State.Open && d.state != State.Answered) revert NotInState(disputeId, d.state);
    }

    function _inState(uint256 disputeId, State wanted) private view returns (Dispute storage d) {
        d = _disputes[disputeId];
        if (d.state != wanted) revert NotInState(disputeId, d.state);
    }

    function _checkNotAfter(uint256 disputeId, uint64 until) private view {
        if (block.timestamp > until) revert TooLate(disputeId, until, block.timestamp);
    }

    function _checkAfter(uint256 disputeId, uint64 until) private view {
        if (block.timestamp <= until) revert TooEarly(disputeId, until, block.timestamp);
    }
}
