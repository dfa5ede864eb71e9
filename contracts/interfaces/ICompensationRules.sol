// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the other contracts read of the compensation rules
interface ICompensationRules {
    /// @notice One version of the rules. Shares are basis points of a sale's price and sum to 10,000.
    struct Rules {
        uint16 artistsBps; // most that a sale may credit to attributed artists; the rest goes to holders
        uint16 holdersBps;
        uint16 platformBps;
        uint16 networkBps;
        uint16 learningBps;
        uint16 learningMintBps; // part of a round's mint for learning contributors
        uint16 maxCredits; // most artists credited inline by one sale
        uint32 challengeWindow; // seconds
        uint32 streamPeriod; // seconds
        uint32 maxOrderWindow; // seconds
        uint32 mintInterval; // seconds from one proposed round to the next
        uint128 pricePerGeneration; // settlement token, smallest unit; at most type(uint96).max
        uint128 proposalBond; // settlement token, smallest unit
        uint128 challengeBond; // settlement token, smallest unit
        uint128 mintPerRound; // stake token, smallest unit
    }

    /// @notice What a sale needs of one version. Price in the settlement token's smallest unit, times in
    /// seconds.
    struct SaleTerms {
        uint96 unitPrice; // of one generation
        uint32 maxOrderWindow;
        uint16 artistsBps;
        uint16 platformBps;
        uint16 networkBps;
        uint16 learningBps;
        uint8 maxCredits;
        uint40 effectiveFrom; // Unix seconds
    }

    /// @notice The version in force now.
    function currentVersion() external view returns (uint32);

    /// @notice The rules of `version`, in force or not. Reverts UnknownVersion.
    function rulesOf(uint32 version) external view returns (Rules memory);

    /// @notice The version in force now and its terms of sale.
    function saleTerms() external view returns (uint32 version, SaleTerms memory terms);

    /// @notice The terms of sale of `version`, in force or not. Reverts UnknownVersion.
    function saleTermsOf(uint32 version) external view returns (SaleTerms memory);

    /// @notice When the version after `version` came or comes into force, Unix seconds; the largest number when
    /// none was adopted. Reverts UnknownVersion.
    function endsAt(uint32 version) external view returns (uint256);

    /// @notice The stream period, in seconds, of the rules that were in force at `time` (Unix seconds).
    function streamPeriodAt(uint256 time) external view returns (uint32);
}
