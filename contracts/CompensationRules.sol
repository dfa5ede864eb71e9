// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";

/// @title The versioned compensation rules
/// @notice Versions are numbered from 1 and never change or disappear: an order names the version it was
/// signed under. The owner (the timelock) adopts the next version within limits that no vote can lift; it
/// comes into force after NOTICE_PERIOD, so that nobody is surprised.
contract CompensationRules is ICompensationRules, Ownable {
    /// @notice Seconds between the adoption of a version and its coming into force.
    uint64 public constant NOTICE_PERIOD = 2 days;
    uint16 public constant MIN_ARTISTS_BPS = 2_000;
    uint16 public constant MIN_ARTISTS_AND_HOLDERS_BPS = 6_000;
    /// @notice No share moves by more than this from one version to the next.
    uint16 public constant MAX_SHARE_STEP_BPS = 1_000;
    /// @notice Most of a round's mint that is not the artists'.
    uint16 public constant MAX_LEARNING_MINT_BPS = 5_000;
    uint16 public constant MAX_CREDITS_LIMIT = 64;
    uint32 public constant MIN_CHALLENGE_WINDOW = 1 days;
    uint32 public constant MAX_CHALLENGE_WINDOW = 30 days;
    uint32 public constant MIN_STREAM_PERIOD = 1 days;
    uint32 public constant MAX_STREAM_PERIOD = 90 days;
    uint32 public constant MIN_ORDER_WINDOW = 1 hours;
    uint32 public constant MAX_ORDER_WINDOW = 30 days;
    uint32 public constant MIN_MINT_INTERVAL = 1 hours;
    uint32 public constant MAX_MINT_INTERVAL = 365 days;

    struct Version {
        Rules rules;
        uint64 effectiveFrom;
    }

    /// @notice The newest version, in force or waiting.
    uint32 public latestVersion;
    mapping(uint32 version => Version) private _versions;
    /// @dev What an order needs of each version, in one slot.
    mapping(uint32 version => SaleTerms) private _saleTerms;

    /// @notice A version was adopted; it is in force from `effectiveFrom`, Unix seconds.
    event RulesAdopted(uint32 indexed version, uint64 effectiveFrom, Rules rules);

    /// @notice There is no such version yet; `latest` is the newest.
    error UnknownVersion(uint32 version, uint32 latest);
    /// @notice The newest version is not in force yet: no other can be adopted before `effectiveFrom`.
    error VersionWaiting(uint32 version, uint64 effectiveFrom);
    /// @notice The five shares of a sale must be the whole price.
    error SharesSum(uint256 sumBps, uint256 wantedBps);
    /// @notice A field breaks an absolute limit, or moves too far from the last version.
    error OutOfBounds(string field, uint256 value, uint256 least, uint256 most);

    /// @param owner The timelock. @param first Version 1, in force at once; must be within the absolute
    /// limits.
    constructor(address owner, Rules memory first) Ownable(owner) {
        _checkLimits(first);
        _publish(1, uint64(block.timestamp), first);
    }

    /// @notice Adopts the next version. Owner (timelock) only. Reverts VersionWaiting while another version
    /// waits, SharesSum or OutOfBounds when `next` breaks a limit.
    /// @return version Its number; in force NOTICE_PERIOD seconds from now.
    function adopt(Rules calldata next) external onlyOwner returns (uint32 version) {
        version = latestVersion;
        uint64 since = _versions[version].effectiveFrom;
        if (block.timestamp < since) revert VersionWaiting(version, since);
        _checkLimits(next);
        _checkSteps(_versions[version].rules, next);
        _publish(++version, uint64(block.timestamp) + NOTICE_PERIOD, next);
    }

    /// @inheritdoc ICompensationRules
    function currentVersion() public view returns (uint32) {
        uint32 latest = latestVersion;
        // Only the newest can be waiting.
        return block.timestamp < _versions[latest].effectiveFrom ? latest - 1 : latest;
    }

    /// @notice The rules in force now.
    function current() external view returns (Rules memory) {
        return _versions[currentVersion()].rules;
    }

    /// @inheritdoc ICompensationRules
    function rulesOf(uint32 version) external view returns (Rules memory) {
        return _known(version).rules;
    }

    /// @inheritdoc ICompensationRules
    function saleTerms() external view returns (uint32 version, SaleTerms memory terms) {
        version = latestVersion;
        terms = _saleTerms[version];
        if (block.timestamp < terms.effectiveFrom) terms = _saleTerms[--version];
    }

    /// @inheritdoc ICompensationRules
    function saleTermsOf(uint32 version) external view returns (SaleTerms memory) {
        _known(version);
        return _saleTerms[version];
    }

    /// @inheritdoc ICompensationRules
    function endsAt(uint32 version) external view returns (uint256) {
        _known(version);
        return version == latestVersion ? type(uint256).max : _saleTerms[version + 1].effectiveFrom;
    }

    /// @notice When `version` came or comes into force, Unix seconds. Reverts UnknownVersion.
    function effectiveFrom(uint32 version) external view returns (uint64) {
        return _known(version).effectiveFrom;
    }

    /// @notice The version that was in force at `time` (Unix seconds); version 1 for any time before it.
    function versionAt(uint256 time) public view returns (uint32) {
        uint32 low = 1;
        uint32 high = latestVersion;
        while (low < high) {
            uint32 middle = low + (high - low + 1) / 2;
            if (_versions[middle].effectiveFrom <= time) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// @inheritdoc ICompensationRules
    function streamPeriodAt(uint256 time) external view returns (uint32) {
        return _versions[versionAt(time)].rules.streamPeriod;
    }

    function _known(uint32 version) private view returns (Version storage) {
        if (version == 0 || version > latestVersion) revert UnknownVersion(version, latestVersion);
        return _versions[version];
    }

    function _publish(uint32 version, uint64 since, Rules memory rules) private {
        _versions[version] = Version(rules, since);
        _saleTerms[version] = SaleTerms({
            unitPrice: uint96(rules.pricePerGeneration),
            maxOrderWindow: rules.maxOrderWindow,
            artistsBps: rules.artistsBps,
            platformBps: rules.platformBps,
            networkBps: rules.networkBps,
            learningBps: rules.learningBps,
            maxCredits: uint8(rules.maxCredits),
            effectiveFrom: uint40(since)
        });
        latestVersion = version;
        emit RulesAdopted(version, since, rules);
    }

    function _checkLimits(Rules memory r) private pure {
        uint256 sum = uint256(r.artistsBps) + r.holdersBps + r.platformBps + r.networkBps + r.learningBps;
        if (sum != 10_000) revert SharesSum(sum, 10_000);
        _within("artistsBps", r.artistsBps, MIN_ARTISTS_BPS, 10_000);
        uint256 both = uint256(r.artistsBps) + r.holdersBps;
        _within("artistsBps+holdersBps", both, MIN_ARTISTS_AND_HOLDERS_BPS, 10_000);
        _within("learningMintBps", r.learningMintBps, 0, MAX_LEARNING_MINT_BPS);
        _within("maxCredits", r.maxCredits, 1, MAX_CREDITS_LIMIT);
        _within("challengeWindow", r.challengeWindow, MIN_CHALLENGE_WINDOW, MAX_CHALLENGE_WINDOW);
        _within("streamPeriod", r.streamPeriod, MIN_STREAM_PERIOD, MAX_STREAM_PERIOD);
        _within("maxOrderWindow", r.maxOrderWindow, MIN_ORDER_WINDOW, MAX_ORDER_WINDOW);
        _within("mintInterval", r.mintInterval, MIN_MINT_INTERVAL, MAX_MINT_INTERVAL);
        // From 0 no doubling would ever lead away again.
        _within("pricePerGeneration", r.pricePerGeneration, 1, type(uint96).max);
        _within("proposalBond", r.proposalBond, 1, type(uint128).max);
        _within("challengeBond", r.challengeBond, 1, type(uint128).max);
        _within("mintPerRound", r.mintPerRound, 1, type(uint128).max);
    }

    function _checkSteps(Rules memory old, Rules memory next) private pure {
        _shareStep("artistsBps", old.artistsBps, next.artistsBps);
        _shareStep("holdersBps", old.holdersBps, next.holdersBps);
        _shareStep("platformBps", old.platformBps, next.platformBps);
        _shareStep("networkBps", old.networkBps, next.networkBps);
        _shareStep("learningBps", old.learningBps, next.learningBps);
        _shareStep("learningMintBps", old.learningMintBps, next.learningMintBps);
        _factorStep("pricePerGeneration", old.pricePerGeneration, next.pricePerGeneration);
        _factorStep("proposalBond", old.proposalBond, next.proposalBond);
        _factorStep("challengeBond", old.challengeBond, next.challengeBond);
        _factorStep("mintPerRound", old.mintPerRound, next.mintPerRound);
    }

    function _shareStep(string memory field, uint256 old, uint256 next) private pure {
        uint256 least = old > MAX_SHARE_STEP_BPS ? old - MAX_SHARE_STEP_BPS : 0;
        _within(field, next, least, old + MAX_SHARE_STEP_BPS);
    }

    /// @dev At most doubled, at least halved (half rounded up, so that halving twice never passes a quarter).
    function _factorStep(string memory field, uint256 old, uint256 next) private pure {
        _within(field, next, (old + 1) / 2, old * 2);
    }

    function _within(string memory field, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert OutOfBounds(field, value, least, most);
    }
}
