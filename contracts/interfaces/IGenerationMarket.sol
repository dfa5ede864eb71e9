// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of the generation market: its types, events and errors
interface IGenerationMarket {
    /// @notice What a buyer signs. Amounts in the settlement token's smallest unit, times in Unix seconds.
    struct Order {
        address buyer;
        uint256 maxPrice; // most that the buyer pays for the whole order
        uint32 quantity; // generations
        bytes32 promptHash;
        bytes32 modelDigest; // sha2-256 digest inside the CID of the model version
        uint32 rulesVersion;
        uint64 deadline; // last second in which it may be fulfilled; refundable after it
        uint256 salt;
    }

    struct Credit {
        address artist;
        uint256 amount;
    }

    struct Fulfilment {
        bytes32 outputHash; // sha256 of the output file
        bytes32 outputDigest; // of its CID
        bytes32 attributionDigest; // of the CID of the attribution document
        Credit[] credits;
    }

    enum State {
        None,
        Requested,
        Fulfilled,
        Refunded
    }

    struct Payees {
        address platform;
        address network;
        address learning;
    }

    event OrderRequested(bytes32 indexed orderId, address indexed buyer, uint256 price, Order order);
    event OrderFulfilled(
        bytes32 indexed orderId,
        bytes32 outputHash,
        bytes32 outputDigest,
        bytes32 attributionDigest,
        uint256 attributed,
        uint256 holders,
        uint256 learning,
        uint256 platform,
        uint256 network
    );
    event ArtistCredited(bytes32 indexed orderId, address indexed artist, uint256 amount);
    event OrderRefunded(bytes32 indexed orderId, address indexed buyer, uint256 amount);
    /// @notice The token refused the refund's transfer; it waits for claimRefund.
    event RefundDeferred(bytes32 indexed orderId, address indexed buyer, uint256 amount);
    event RefundClaimed(address indexed buyer, uint256 amount);
    event OwedClaimed(address indexed account, uint256 amount);
    event PayeesChanged(address platform, address network, address learning);

    error NotBuyer(address caller, address buyer);
    error BadOrderSignature(bytes32 orderId, address buyer);
    error WrongState(bytes32 orderId, State state, State wanted);
    error StaleRules(uint32 version, uint32 current);
    error PriceAboveMax(uint256 price, uint256 maxPrice);
    error NoQuantity();
    error DeadlineOutOfRange(uint256 deadline, uint256 now_, uint256 latest);
    error DeadlinePassed(uint256 deadline, uint256 now_);
    error DeadlineNotPassed(uint256 deadline, uint256 now_);
    error PaidTooLittle(uint256 received, uint256 price);
    error EmptyOutput(bytes32 orderId);
    error TooManyCredits(uint256 count, uint256 most);
    error CreditRefused(address artist, uint256 amount);
    error LengthMismatch(uint256 orders, uint256 fulfilments);
    error PayeeRefused(address payee);
}
