// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArtworkRegistry} from "../../../contracts/ArtworkRegistry.sol";
import {WorkDisputes} from "../../../contracts/WorkDisputes.sol";
import {IArtworkRegistry} from "../../../contracts/interfaces/IArtworkRegistry.sol";
import {IWorkDisputes} from "../../../contracts/interfaces/IWorkDisputes.sol";
import {Actors} from "../Actors.sol";
import {System} from "../System.sol";
import {Handler} from "./Handler.sol";

/// @title Random disputes about a few works, several about one, to every end
contract DisputesHandler is Handler {
    uint256 private constant WORKS = 4;

    WorkDisputes private immutable disputes;
    ArtworkRegistry private immutable registry;
    uint256[] private _open;
    /// @notice What the ledger says an account is owed in bonds.
    mapping(address account => uint256) public bondOwed;
    /// @notice Bonds that disputes hold at present.
    uint256 public bondsHeld;
    mapping(uint256 disputeId => uint256) private _claimants;
    mapping(uint256 disputeId => uint256) private _respondents;

    constructor(System system_, Actors actors_) Handler(system_, actors_) {
        disputes = system_.disputes();
        ArtworkRegistry works_ = system_.registry();
        registry = works_;
        for (uint256 i = 0; i < WORKS; ++i) {
            IArtworkRegistry.Work[] memory works = new IArtworkRegistry.Work[](1);
            works[0] = IArtworkRegistry.Work(_work(i), bytes32(uint256(1)), bytes32(0), 1);
            address artist = actors_.person(i);
            vm.prank(artist);
            works_.register(works);
        }
    }

    /// @notice Disputes that are not over.
    function openDisputes() external view returns (uint256[] memory) {
        return _open;
    }

    /// @notice Action: a dispute by anybody, now and then about the claimant's own work.
    function open(uint256 seed) external {
        bytes32 work = _work(seed >> 8);
        IWorkDisputes.Kind kind = seed & 16 == 0 ? IWorkDisputes.Kind.Authorship : IWorkDisputes.Kind.Revocation;
        need(kind == IWorkDisputes.Kind.Authorship || !registry.recordOf(work).revoked);
        address claimant = _served(actors.person(seed));
        uint256 bond = _bond(claimant, system.rules().currentVersion());
        vm.prank(claimant);
        uint256 id = disputes.open(work, kind, bytes32(seed | 1));
        _open.push(id);
        _claimants[id] = bond;
        bondsHeld += bond;
    }

    /// @notice Action: the artist answers, at the last second or before.
    function answer(uint256 seed) external {
        uint256 id = _open[_find(seed, IWorkDisputes.State.Open)];
        IWorkDisputes.Dispute memory d = disputes.disputeOf(id);
        maybeWaitUntil(seed >> 8, d.until);
        need(now_() <= d.until);
        uint256 bond = _bond(_served(d.respondent), d.rulesVersion);
        vm.prank(d.respondent);
        disputes.answer(id, bytes32(seed | 1));
        _respondents[id] = bond;
        bondsHeld += bond;
    }

    /// @notice Action: the resolver decides either way.
    function decide(uint256 seed) external {
        bool silent = seed & 16 != 0;
        uint256 id = _open[_find(seed, silent ? IWorkDisputes.State.Open : IWorkDisputes.State.Answered)];
        uint64 until = disputes.disputeOf(id).until;
        maybeWaitUntil(seed >> 8, silent ? until + 1 : until);
        need(silent ? now_() > until && now_() <= until + 30 days : now_() <= until);
        vm.prank(address(system.timelock()));
        disputes.decide(id, seed & 32 != 0);
    }

    /// @notice Action: the loser appeals.
    function appeal(uint256 seed) external {
        uint256 id = _open[_find(seed, IWorkDisputes.State.Decided)];
        IWorkDisputes.Dispute memory d = disputes.disputeOf(id);
        maybeWaitUntil(seed >> 8, d.until);
        need(now_() <= d.until);
        address loser = _served(d.upheld ? d.respondent : d.claimant);
        uint256 bond = _bond(loser, d.rulesVersion);
        vm.prank(loser);
        disputes.appeal(id, bytes32(seed | 1));
        if (d.upheld) _respondents[id] += bond;
        else _claimants[id] += bond;
        bondsHeld += bond;
    }

    /// @notice Action: the timelock decides an appeal either way.
    function decideAppeal(uint256 seed) external {
        uint256 id = _open[_find(seed, IWorkDisputes.State.Appealed)];
        need(now_() <= disputes.disputeOf(id).until);
        vm.prank(address(system.timelock()));
        disputes.decideAppeal(id, seed & 32 != 0);
    }

    /// @notice Action: a final ruling is carried out, or a dispute that lost its object ends.
    function execute(uint256 seed) external {
        uint256 i = _find(seed, IWorkDisputes.State(3 + (seed >> 8) % 3));
        IWorkDisputes.Dispute memory d = disputes.disputeOf(_open[i]);
        if (d.state != IWorkDisputes.State.Final) {
            maybeWaitUntil(seed >> 16, uint256(d.until) + 1);
            need(now_() > d.until);
        }
        _executeAt(i);
    }

    /// @notice Action: nobody decided.
    function lapse(uint256 seed) external {
        uint256 i = _find(seed, seed & 16 != 0 ? IWorkDisputes.State.Open : IWorkDisputes.State.Answered);
        IWorkDisputes.Dispute memory d = disputes.disputeOf(_open[i]);
        uint256 until = d.state == IWorkDisputes.State.Open ? uint256(d.until) + 30 days : d.until;
        maybeWaitUntil(seed >> 8, until + 1);
        need(now_() > until);
        disputes.lapse(_open[i]);
        _giveBack(_take(i), d);
    }

    /// @notice Action: somebody's bonds.
    function claimBond(uint256 seed) external {
        address account = actors.account(seed);
        need(bondOwed[account] != 0 && !token.blacklisted(account));
        uint256 before = token.balanceOf(account);
        disputes.claimBond(account);
        vm.assertEq(token.balanceOf(account), before + bondOwed[account], "bond paid");
        bondOwed[account] = 0;
    }

    /// @notice No action: ends every dispute, after a time in which anything ends.
    function endAll() external internally {
        while (_open.length != 0) {
            IWorkDisputes.Dispute memory d = disputes.disputeOf(_open[0]);
            if (d.state == IWorkDisputes.State.Open || d.state == IWorkDisputes.State.Answered) {
                disputes.lapse(_open[0]);
                _giveBack(_take(0), d);
            } else {
                _executeAt(0);
            }
        }
    }

    function _executeAt(uint256 i) private {
        uint256 id = _take(i);
        IWorkDisputes.Dispute memory d = disputes.disputeOf(id);
        IArtworkRegistry.Record memory before = registry.recordOf(d.contentHash);
        bool moot = before.artist != d.respondent || (d.kind == IWorkDisputes.Kind.Revocation && before.revoked);
        disputes.execute(id);
        if (moot) return _giveBack(id, d);
        address winner = d.upheld ? d.claimant : d.respondent;
        bondsHeld -= _claimants[id] + _respondents[id];
        bondOwed[winner] += _claimants[id] + _respondents[id];
        if (!d.upheld) return;
        IArtworkRegistry.Record memory now__ = registry.recordOf(d.contentHash);
        bool moved = d.kind == IWorkDisputes.Kind.Authorship;
        vm.assertEq(now__.artist, moved ? d.claimant : d.respondent, "artist after a dispute");
        vm.assertTrue(now__.consent == 0 && now__.revoked == !moved, "record after a dispute");
    }

    function _giveBack(uint256 id, IWorkDisputes.Dispute memory d) private {
        bondsHeld -= _claimants[id] + _respondents[id];
        bondOwed[d.claimant] += _claimants[id];
        bondOwed[d.respondent] += _respondents[id];
    }

    function _work(uint256 seed) private pure returns (bytes32) {
        return keccak256(abi.encode("work", seed % WORKS));
    }

    function _served(address account) private view returns (address) {
        need(!token.blacklisted(account));
        return account;
    }

    function _bond(address payer, uint32 version) private returns (uint256 bond) {
        bond = system.rules().rulesOf(version).challengeBond;
        fund(payer, address(disputes), bond);
    }

    /// @dev Where in the list the first dispute in `state` is, from a random one on.
    function _find(uint256 seed, IWorkDisputes.State state) private view returns (uint256) {
        for (uint256 n = 0; n < _open.length; ++n) {
            uint256 i = (seed % _open.length + n) % _open.length;
            if (disputes.disputeOf(_open[i]).state == state) return i;
        }
        need(false);
        return 0;
    }

    function _take(uint256 i) private returns (uint256 id) {
        id = _open[i];
        _open[i] = _open[_open.length - 1];
        _open.pop();
    }
}
