// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TrainingRounds} from "../../../contracts/TrainingRounds.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {ITrainingRounds} from "../../../contracts/interfaces/ITrainingRounds.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title Random rounds with four allocations in each part, from proposal to mint, with challenges of every end
contract RoundsHandler is Handler {
    struct Leaf {
        address account;
        uint256 amount;
        bool minted;
    }

    struct Filed {
        uint256 roundId;
        uint256 id;
        address challenger;
        uint256 bond;
    }

    TrainingRounds private immutable rounds;
    mapping(uint256 roundId => mapping(ITrainingRounds.Part part => Leaf[4])) private _leaves;
    mapping(uint256 roundId => ITrainingRounds.State) private _stateOf;
    mapping(uint256 roundId => uint256) private _bond;
    Filed[] private _open;
    /// @notice What the ledger says an account is owed in bonds.
    mapping(address account => uint256) public bondOwed;
    /// @notice Bonds that rounds hold at present.
    uint256 public bondsHeld;
    /// @notice Stake minted, all rounds together.
    uint256 public minted;

    constructor(System system_, Actors actors_) Handler(system_, actors_) {
        rounds = system_.rounds();
    }

    /// @notice The state that the ledger says a round is in.
    function stateOf(uint256 roundId) external view returns (ITrainingRounds.State) {
        return _stateOf[roundId];
    }

    /// @notice Challenges that are neither decided, lapsed nor closed.
    function openChallenges() external view returns (Filed[] memory) {
        return _open;
    }

    /// @notice Action: a proposal whose allocations share the budgets.
    function propose(uint256 seed) external {
        address proposer = system.proposer();
        need(!token.blacklisted(proposer));
        uint256 id = rounds.nextRoundId();
        ICompensationRules.Rules memory r = _rules();
        (,,, uint64 proposedAt,,,,) = rounds.rounds(id - 1);
        if (id > 1 && _stateOf[id - 1] != ITrainingRounds.State.Rejected) {
            maybeWaitUntil(seed, uint256(proposedAt) + r.mintInterval);
            need(now_() >= uint256(proposedAt) + r.mintInterval);
        }
        uint256 learning = uint256(r.mintPerRound) * r.learningMintBps / 10_000;
        _allocate(id, ITrainingRounds.Part.Artists, r.mintPerRound - learning, seed);
        _allocate(id, ITrainingRounds.Part.Learning, learning, mix(seed, 7));
        fund(proposer, address(rounds), r.proposalBond);
        ITrainingRounds.Proposal memory p = ITrainingRounds.Proposal({
            modelDigest: keccak256(abi.encode(seed)),
            datasetRoot: bytes32(seed),
            reportDigest: keccak256(abi.encode(id)),
            allocationsRoot: _rootOf(id, ITrainingRounds.Part.Artists),
            learningRoot: seed % 4 == 1 ? bytes32(0) : _rootOf(id, ITrainingRounds.Part.Learning),
            settingsHash: bytes32(seed),
            seed: uint64(seed)
        });
        if (p.learningRoot == 0) delete _leaves[id][ITrainingRounds.Part.Learning];
        vm.prank(proposer);
        rounds.propose(id, p);
        _stateOf[id] = ITrainingRounds.State.Proposed;
        _bond[id] = r.proposalBond;
        bondsHeld += r.proposalBond;
    }

    /// @notice Action: a challenge by anybody, within the window, whether others are open or not.
    function challenge(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Proposed);
        (,, uint32 version,, uint64 endsAt,,,) = rounds.rounds(id);
        need(now_() <= endsAt);
        address who = actors.person(seed >> 8);
        need(!token.blacklisted(who));
        uint256 bond = system.rules().rulesOf(version).challengeBond;
        fund(who, address(rounds), bond);
        maybeWaitUntil(seed >> 16, endsAt);
        address named = actors.person(seed);
        vm.prank(who);
        uint256 number = rounds.challenge(id, named, seed, bytes32(seed));
        _open.push(Filed(id, number, who, bond));
        bondsHeld += bond;
    }

    /// @notice Action: the timelock, or without stake the bootstrap resolver, decides either way.
    function resolve(uint256 seed) external {
        uint256 i = _findOpen(seed, ITrainingRounds.State.Proposed);
        (, uint64 answerBy,,) = rounds.challenges(_open[i].roundId, _open[i].id);
        need(now_() <= answerBy);
        maybeWaitUntil(seed >> 8, answerBy);
        Filed memory f = _take(i);
        bool upheld = seed & 256 != 0;
        address resolver = rounds.stakeToken().totalSupply() == 0 && seed & 512 != 0
            ? system.resolver()
            : address(system.timelock());
        vm.prank(resolver);
        rounds.resolve(f.roundId, f.id, upheld);
        _end(f, upheld ? f.challenger : system.proposer());
        if (upheld) _reject(f.roundId, f.challenger);
    }

    /// @notice Action: nobody decided in time.
    function lapse(uint256 seed) external {
        uint256 i = _findOpen(seed, ITrainingRounds.State.Proposed);
        (, uint64 answerBy,,) = rounds.challenges(_open[i].roundId, _open[i].id);
        maybeWaitUntil(seed >> 8, uint256(answerBy) + 1);
        need(now_() > answerBy);
        Filed memory f = _take(i);
        rounds.lapse(f.roundId, f.id);
        _end(f, f.challenger);
        _reject(f.roundId, system.proposer());
    }

    /// @notice Action: a challenge that its round's rejection left open.
    function closeChallenge(uint256 seed) external {
        Filed memory f = _take(_findOpen(seed, ITrainingRounds.State.Rejected));
        rounds.closeChallenge(f.roundId, f.id);
        _end(f, f.challenger);
    }

    /// @notice Action: a round without open challenges becomes final.
    function finalise(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Proposed);
        (,,,, uint64 endsAt,, uint32 open,) = rounds.rounds(id);
        need(open == 0);
        maybeWaitUntil(seed >> 8, uint256(endsAt) + 1);
        need(now_() > endsAt);
        rounds.finalise(id);
        bondsHeld -= _bond[id];
        bondOwed[system.proposer()] += _bond[id];
        _stateOf[id] = ITrainingRounds.State.Finalised;
    }

    /// @notice Action: one allocation is minted, by anybody.
    function claim(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Finalised);
        ITrainingRounds.Part part = _part(id, seed);
        uint256 i = (seed >> 8) % 4;
        for (uint256 n = 0; n < 4 && _leaves[id][part][i].minted; ++n) i = (i + 1) % 4;
        Leaf storage leaf = _leaves[id][part][i];
        need(!leaf.minted);
        bytes32[] memory proof = _proofOf(id, part, i);
        vm.prank(actors.person(seed >> 16));
        rounds.claim(id, part, leaf.account, leaf.amount, proof);
        leaf.minted = true;
        minted += leaf.amount;
    }

    /// @notice Action: all four allocations of a part, of which some may be minted already.
    function claimMany(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Finalised);
        ITrainingRounds.Part part = _part(id, seed);
        address[] memory accounts = new address[](4);
        uint256[] memory amounts = new uint256[](4);
        bytes32[][] memory proofs = new bytes32[][](4);
        for (uint256 i = 0; i < 4; ++i) {
            Leaf storage leaf = _leaves[id][part][i];
            (accounts[i], amounts[i]) = (leaf.account, leaf.amount);
            proofs[i] = _proofOf(id, part, i);
            if (!leaf.minted) minted += leaf.amount;
            leaf.minted = true;
        }
        rounds.claimMany(id, part, accounts, amounts, proofs);
    }

    /// @notice Action: somebody's bonds.
    function claimBond(uint256 seed) external {
        address[] memory all = actors.all();
        for (uint256 n = 0; n < all.length; ++n) {
            address account = all[(seed % all.length + n) % all.length];
            if (bondOwed[account] == 0 || token.blacklisted(account)) continue;
            uint256 before = token.balanceOf(account);
            rounds.claimBond(account);
            vm.assertEq(token.balanceOf(account), before + bondOwed[account], "bond paid");
            bondOwed[account] = 0;
            return;
        }
        need(false);
    }

    function _rules() private view returns (ICompensationRules.Rules memory) {
        return system.rules().rulesOf(system.rules().currentVersion());
    }

    /// @dev The first round from a random one on that the ledger says is in `state`.
    function _find(uint256 seed, ITrainingRounds.State state) private view returns (uint256) {
        uint256 count = rounds.nextRoundId() - 1;
        for (uint256 n = 0; n < count; ++n) {
            uint256 id = (seed % count + n) % count + 1;
            if (_stateOf[id] == state) return id;
        }
        need(false);
        return 0;
    }

    /// @dev The first open challenge from a random one on, to a round in `state`.
    function _findOpen(uint256 seed, ITrainingRounds.State state) private view returns (uint256) {
        for (uint256 n = 0; n < _open.length; ++n) {
            uint256 i = (seed % _open.length + n) % _open.length;
            if (_stateOf[_open[i].roundId] == state) return i;
        }
        need(false);
        return 0;
    }

    function _take(uint256 i) private returns (Filed memory f) {
        f = _open[i];
        _open[i] = _open[_open.length - 1];
        _open.pop();
    }

    function _end(Filed memory f, address to) private {
        bondsHeld -= f.bond;
        bondOwed[to] += f.bond;
    }

    function _reject(uint256 id, address to) private {
        bondsHeld -= _bond[id];
        bondOwed[to] += _bond[id];
        _stateOf[id] = ITrainingRounds.State.Rejected;
    }

    /// @dev Four allocations within the budget. Different people: an account has one leaf in a part.
    function _allocate(uint256 id, ITrainingRounds.Part part, uint256 left, uint256 seed) private {
        for (uint256 i = 0; i < 4; ++i) {
            uint256 amount = within(mix(seed, i), 0, left / 2);
            left -= amount;
            _leaves[id][part][i] = Leaf(actors.person(seed % 8 + i), amount, false);
        }
    }

    /// @dev A part that the round has leaves in.
    function _part(uint256 id, uint256 seed) private view returns (ITrainingRounds.Part) {
        bool learning = seed & 32 != 0 && _leaves[id][ITrainingRounds.Part.Learning][0].account != address(0);
        return learning ? ITrainingRounds.Part.Learning : ITrainingRounds.Part.Artists;
    }

    function _rootOf(uint256 id, ITrainingRounds.Part part) private view returns (bytes32) {
        bytes32[4] memory h = _hashes(id, part);
        return _pair(_pair(h[0], h[1]), _pair(h[2], h[3]));
    }

    function _proofOf(uint256 id, ITrainingRounds.Part part, uint256 i) private view returns (bytes32[] memory proof) {
        bytes32[4] memory h = _hashes(id, part);
        proof = new bytes32[](2);
        proof[0] = h[i ^ 1];
        proof[1] = i < 2 ? _pair(h[2], h[3]) : _pair(h[0], h[1]);
    }

    function _hashes(uint256 id, ITrainingRounds.Part part) private view returns (bytes32[4] memory h) {
        Leaf[4] storage leaves = _leaves[id][part];
        for (uint256 n = 0; n < 4; ++n) h[n] = rounds.leafOf(id, leaves[n].account, leaves[n].amount);
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }
}
