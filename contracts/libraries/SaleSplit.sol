// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title How one sale's price is divided
/// @notice Pure maths. Every unit that rounding or weak attribution leaves over goes to the holders, so the
/// parts always sum to the price.
library SaleSplit {
    uint256 internal constant BPS = 10_000;

    /// @dev Of one price, in its unit.
    struct Parts {
        uint256 holders;
        uint256 platform;
        uint256 network;
        uint256 learning;
    }

    /// @notice The artists were credited more than the rules allow for this price.
    error CreditsExceedShare(uint256 credited, uint256 ceiling);

    /// @notice Shares of a price, basis points, as addTo takes them. Together at most 10,000; the rest is the
    /// holders'.
    /// @param artistsBps The most that may be credited to artists; what is not goes to the holders.
    function pack(uint16 artistsBps, uint16 platformBps, uint16 networkBps, uint16 learningBps)
        internal
        pure
        returns (uint64)
    {
        return uint64(learningBps) << 48 | uint64(networkBps) << 32 | uint64(platformBps) << 16 | artistsBps;
    }

    /// @notice Adds the parts of one `price`, of which `credited` goes to artists, to `sum`: credited + holders
    /// + platform + network + learning == price. Reverts CreditsExceedShare above
    /// floor(price * artistsBps / 10,000).
    /// @param price Below 2**128. @param shares Together at most 10,000: both as CompensationRules keeps them.
    /// @dev Unchecked: price * bps is below 2**144, and the floors of shares that sum to 10,000 at most sum to
    /// the price at most, so the holders' part is never negative (`make prove`). Shares come packed, because
    /// unpacking them to memory would cost each sale of a batch more than the maths.
    function addTo(Parts memory sum, uint256 price, uint64 shares, uint256 credited) internal pure {
        unchecked {
            if (credited != 0) {
                uint256 ceiling = price * uint16(shares) / BPS;
                if (credited > ceiling) revert CreditsExceedShare(credited, ceiling);
            }
            uint256 platform = price * uint16(shares >> 16) / BPS;
            uint256 network = price * uint16(shares >> 32) / BPS;
            uint256 learning = price * (shares >> 48) / BPS;
            sum.holders += price - platform - network - learning - credited;
            sum.platform += platform;
            sum.network += network;
            sum.learning += learning;
        }
    }
}
