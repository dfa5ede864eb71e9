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

    /// @notice One delivery: a file with some or all of the order's generations.
    struct Output {
        uint256 quantity; // generations in the file
        bytes32 outputHash; // sha256 of the file
        bytes32 outputDigest; // of its CID
        bytes32 attributionDigest; // of the CID of the attribution document
    }

    struct Delivery {
        bytes32 orderId;
        uint256 credits; // how many of the call's credits are this delivery's: they stand in the same order
        Output output;
    }

    /// @notice A refunded order is None again: its deadline has passed, so it can never be requested anew.
    enum State {
        None,
        Requested,
        Fulfilled
    }

    struct Payees {
        address platform;
        address network;
        address learning;
    }

    /// @notice Sums since deployment, smallest unit. See MarketLedger.totals.
    struct Totals {
        uint256 attributed; // credited to artists by sales
        uint256 tipped; // to artists
        uint256 holders;
        uint256 platform;
        uint256 network;
        uint256 learning;
        uint256 claimed; // paid out of attributed, tipped, platform, network, learning
        uint256 holdersPaid; // paid out of holders
        uint256 refundsOwed; // refunds whose transfer the token refused
    }

    event OrderRequested(bytes32 indexed orderId, address indexed buyer, uint256 price, Order order);
    /// @notice The artists' part of the price of `output.quantity` generations is the sum of the
    /// ArtistCredited events just before; the rest follows from the rules version of the order (SaleSplit).
    event OrderFulfilled(bytes32 indexed orderId, Output output);
    event ArtistCredited(bytes32 indexed orderId, address indexed artist, uint256 amount);
    event ArtistTipped(
        bytes32 indexed orderId, address indexed artist, address indexed tipper, uint256 amount
    );
    /// @notice Money that came in for holders and funds otherwise than by a fulfilled order.
    event SharesContributed(
        address indexed contributor, uint256 holders, uint256 platform, uint256 network, uint256 learning
    );
    event OrderRefunded(bytes32 indexed orderId, address indexed buyer, uint256 amount);
    /// @notice The token refused the refund's transfer; it waits for claimRefund.
    event RefundDeferred(bytes32 indexed orderId, address indexed buyer, uint256 amount);
    event RefundClaimed(address indexed buyer, uint256 amount);
    /// @param payee Where the account wants its money (ArtworkRegistry.payeeOf).
    event OwedClaimed(address indexed account, address indexed payee, uint256 amount);
    event PayeesChanged(address platform, address network, address learning);

    error NotBuyer(address caller, address buyer);
    error BadOrderSignature(bytes32 orderId, address buyer);
    error WrongState(bytes32 orderId, State state, State wanted);
    error StaleRules(uint32 version, uint32 current);
    error PriceAboveMax(uint256 price, uint256 maxPrice);
    error QuantityRefused(uint256 quantity, uint256 most);
    error DeadlineOutOfRange(uint256 deadline, uint256 now_, uint256 latest);
    error DeadlinePassed(uint256 deadline, uint256 now_);
    error DeadlineNotPassed(uint256 deadline, uint256 now_);
    error PaidTooLittle(uint256 received, uint256 price);
    error EmptyOutput(bytes32 orderId);
    error TooManyCredits(bytes32 orderId, uint256 count, uint256 most);
    error CreditRefused(address artist, uint256 amount);
    error CreditsMismatch(uint256 used, uint256 given);
    error PayeeRefused(address payee);
    error NotPool(address caller);
}
