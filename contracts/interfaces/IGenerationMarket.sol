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

    /// @notice The order is paid and waits; `price` in the settlement token's smallest unit.
    event OrderRequested(bytes32 indexed orderId, address indexed buyer, uint256 price, Order order);
    /// @notice The artists' part of the price of `output.quantity` generations is the sum of the
    /// ArtistCredited events just before; the rest follows from the rules version of the order (SaleSplit).
    event OrderFulfilled(bytes32 indexed orderId, Output output);
    /// @notice `amount` of the delivery's price is owed to the artist.
    event ArtistCredited(bytes32 indexed orderId, address indexed artist, uint256 amount);
    /// @notice `tipper` gave the artist `amount`, whole.
    event ArtistTipped(
        bytes32 indexed orderId, address indexed artist, address indexed tipper, uint256 amount
    );
    /// @notice Money that came in for holders and funds otherwise than by a fulfilled order.
    event SharesContributed(
        address indexed contributor, uint256 holders, uint256 platform, uint256 network, uint256 learning
    );
    /// @notice The price of what was not delivered goes back to the buyer.
    event OrderRefunded(bytes32 indexed orderId, address indexed buyer, uint256 amount);
    /// @notice The token refused the refund's transfer; it waits for claimRefund.
    event RefundDeferred(bytes32 indexed orderId, address indexed buyer, uint256 amount);
    /// @notice Refunds that waited were paid.
    event RefundClaimed(address indexed buyer, uint256 amount);
    /// @notice What `account` was owed was paid to its payee.
    /// @param payee Where the account wants its money (ArtworkRegistry.payeeOf).
    event OwedClaimed(address indexed account, address indexed payee, uint256 amount);
    /// @notice Who gets the three funds' shares of later sales.
    event PayeesChanged(address platform, address network, address learning);

    /// @notice Only the order's buyer pays by approval.
    error NotBuyer(address caller, address buyer);
    /// @notice The signature is not the buyer's over the order id.
    error BadOrderSignature(bytes32 orderId, address buyer);
    /// @notice The order is in another state than this call needs.
    error WrongState(bytes32 orderId, State state, State wanted);
    /// @notice Orders are placed under the rules in force.
    error StaleRules(uint32 version, uint32 current);
    /// @notice The buyer signed a lower price.
    error PriceAboveMax(uint256 price, uint256 maxPrice);
    /// @notice At least one, and at most what is left, can be ordered or delivered.
    error QuantityRefused(uint256 quantity, uint256 most);
    /// @notice The deadline must be later than now and not later than the rules' order window.
    error DeadlineOutOfRange(uint256 deadline, uint256 now_, uint256 latest);
    /// @notice Nothing can be delivered any more; anyone may refund.
    error DeadlinePassed(uint256 deadline, uint256 now_);
    /// @notice It can still be delivered; refund it after the deadline.
    error DeadlineNotPassed(uint256 deadline, uint256 now_);
    /// @notice The token delivered less than it was told to move.
    error PaidTooLittle(uint256 received, uint256 price);
    /// @notice A delivery needs the file's hash and digest.
    error EmptyOutput(bytes32 orderId);
    /// @notice The order's rules let a delivery credit `most` artists.
    error TooManyCredits(bytes32 orderId, uint256 count, uint256 most);
    /// @notice The amount is 0, or the account could never claim it.
    error CreditRefused(address artist, uint256 amount);
    /// @notice The deliveries name `used` credits, the call brings `given`.
    error CreditsMismatch(uint256 used, uint256 given);
    /// @notice Money owed to this account could never be paid.
    error PayeeRefused(address payee);
    /// @notice Only the revenue pool has holders paid.
    error NotPool(address caller);
}
