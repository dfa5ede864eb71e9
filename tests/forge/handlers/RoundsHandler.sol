// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TrainingRounds} from "../../../contracts/TrainingRounds.sol";
import {ICompensationRules} from "../../../contracts/interfaces/ICompensationRules.sol";
import {ITrainingRounds} from "../../../contracts/interfaces/ITrainingRounds.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title Random rounds with four allocations each, from proposal to mint, with challenges of every end
contract RoundsHandler is Handler {
    struct Leaf {
        address account;
        uint256 amount;
        bool minted;
    }

    TrainingRounds private immutable rounds;
    mapping(uint256 roundId => Leaf[4]) private _leaves;
    mapping(uint256 roundId => ITrainingRounds.State) private _stateOf;
    mapping(uint256 roundId => address) private _challenger;
    mapping(uint256 roundId => uint256) private _bond;
    mapping(uint256 roundId => uint256) private _challengeBond;
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

    /// @notice Action: a proposal whose four allocations share the budget.
    function propose(uint256 seed) external {
        address proposer = system.proposer();
        need(!token.blacklisted(proposer));
        uint256 id = rounds.nextRoundId();
        ICompensationRules.Rules memory r = _rules();
        uint256 left = r.mintPerRound;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 amount = within(mix(seed, i), 0, left / 2);
            left -= amount;
            // Different people: an account is minted to once a round.
            _leaves[id][i] = Leaf(actors.person(seed % 8 + i), amount, false);
        }
        fund(proposer, address(rounds), r.proposalBond);
        (bytes32 root,) = _treeOf(id, 0);
        ITrainingRounds.Proposal memory p = ITrainingRounds.Proposal({
            modelDigest: keccak256(abi.encode(seed)),
            datasetRoot: bytes32(seed),
            reportDigest: keccak256(abi.encode(id)),
            allocationsRoot: root,
            settingsHash: bytes32(seed),
            seed: uint64(seed)
        });
        vm.prank(proposer);
        rounds.propose(id, p);
        _stateOf[id] = ITrainingRounds.State.Proposed;
        _bond[id] = r.proposalBond;
        bondsHeld += r.proposalBond;
    }

    /// @notice Action: a challenge by anybody, within the window.
    function challenge(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Proposed);
        (, uint64 endsAt,,, uint32 version,,,,,,) = rounds.rounds(id);
        need(now_() <= endsAt);
        address who = actors.person(seed >> 8);
        need(!token.blacklisted(who));
        uint256 bond = system.rules().rulesOf(version).challengeBond;
        fund(who, address(rounds), bond);
        maybeWaitUntil(seed >> 16, endsAt);
        address named = actors.person(seed);
        vm.prank(who);
        rounds.challenge(id, named, seed, bytes32(seed));
        _stateOf[id] = ITrainingRounds.State.Challenged;
        _challenger[id] = who;
        _challengeBond[id] = bond;
        bondsHeld += bond;
    }

    /// @notice Action: the timelock decides either way.
    function resolve(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Challenged);
        (,,,,, uint64 answerBy,,,,,) = rounds.rounds(id);
        need(now_() <= answerBy);
        maybeWaitUntil(seed >> 8, answerBy);
        bool upheld = seed & 256 != 0;
        vm.prank(address(system.timelock()));
        rounds.resolve(id, upheld);
        bondsHeld -= _challengeBond[id];
        if (upheld) {
            bondsHeld -= _bond[id];
            bondOwed[_challenger[id]] += _bond[id] + _challengeBond[id];
            _stateOf[id] = ITrainingRounds.State.Rejected;
        } else {
            bondOwed[system.proposer()] += _challengeBond[id];
            _stateOf[id] = ITrainingRounds.State.Proposed;
        }
    }

    /// @notice Action: nobody decided in time.
    function lapse(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Challenged);
        (,,,,, uint64 answerBy,,,,,) = rounds.rounds(id);
        maybeWaitUntil(seed >> 8, uint256(answerBy) + 1);
        need(now_() > answerBy);
        rounds.lapse(id);
        bondsHeld -= _bond[id] + _challengeBond[id];
        bondOwed[system.proposer()] += _bond[id];
        bondOwed[_challenger[id]] += _challengeBond[id];
        _stateOf[id] = ITrainingRounds.State.Rejected;
    }

    /// @notice Action: a round that nobody challenged becomes final.
    function finalise(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Proposed);
        (, uint64 endsAt,,,,,,,,,) = rounds.rounds(id);
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
        uint256 i = (seed >> 8) % 4;
        for (uint256 n = 0; n < 4 && _leaves[id][i].minted; ++n) i = (i + 1) % 4;
        Leaf storage leaf = _leaves[id][i];
        need(!leaf.minted);
        (, bytes32[] memory proof) = _treeOf(id, i);
        vm.prank(actors.person(seed >> 16));
        rounds.claim(id, leaf.account, leaf.amount, proof);
        leaf.minted = true;
        minted += leaf.amount;
    }

    /// @notice Action: all four allocations, of which some may be minted already.
    function claimMany(uint256 seed) external {
        uint256 id = _find(seed, ITrainingRounds.State.Finalised);
        address[] memory accounts = new address[](4);
        uint256[] memory amounts = new uint256[](4);
        bytes32[][] memory proofs = new bytes32[][](4);
        for (uint256 i = 0; i < 4; ++i) {
            Leaf storage leaf = _leaves[id][i];
            (accounts[i], amounts[i]) = (leaf.account, leaf.amount);
            (, proofs[i]) = _treeOf(id, i);
            if (!leaf.minted) minted += leaf.amount;
            leaf.minted = true;
        }
        rounds.claimMany(id, accounts, amounts, proofs);
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

    /// @dev The tree over a round's four leaves, and the proof of the i-th.
    function _treeOf(uint256 id, uint256 i) private view returns (bytes32 root, bytes32[] memory proof) {
        bytes32[4] memory h;
        for (uint256 n = 0; n < 4; ++n) {
            h[n] = rounds.leafOf(id, _leaves[id][n].account, _leaves[id][n].amount);
        }
        (bytes32 left, bytes32 right) = (_pair(h[0], h[1]), _pair(h[2], h[3]));
        root = _pair(left, right);
        proof = new bytes32[](2);
        proof[0] = h[i ^ 1];
        proof[1] = i < 2 ? right : left;
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }
}
