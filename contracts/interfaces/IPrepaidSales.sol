// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The words of prepaid sales: their types, events and errors
/// @notice Amounts are in the settlement token's smallest unit, times in Unix seconds.
interface IPrepaidSales {
    /// @notice What a buyer signs (Voucher, with the buyer): "of my prepaid balance you may keep `to` in all,
    /// the part above `from` for these orders and under these rules".
    struct Charge {
        address buyer;
        uint128 from; // what earlier vouchers pay for: all of it must be settled before
        uint128 to;
        bytes32 ordersRoot; // Merkle root of the orders that the part from `from` to `to` pays for
        uint64 deadline; // last second in which it may be settled
        bytes signature; // ECDSA or EIP-1271
    }

    /// @notice What the operator says about all charges of one settlement.
    struct Settlement {
        uint32 rulesVersion; // of every voucher in it
        uint32 period; // the present one: the leaves under artistsRoot name it
        bytes32 receiptsRoot; // Merkle root of the receipts of all sales
        bytes32 receiptsDigest; // of the CID of the file with the receipts
        uint128 attributed; // of the price of all sales, to artists
        bytes32 artistsRoot; // of the period, over leafOf(period, artist, amount in the period)
        bytes32 artistsDigest; // of the CID of the file with its leaves
    }

    struct Balance {
        uint128 amount; // prepaid and not spent
        uint128 spent; // by settled vouchers, since the beginning
    }

    struct Withdrawal {
        uint128 amount;
        uint64 availableFrom; // 0: none announced
    }

    /// @notice A week's credits to artists.
    struct Period {
        bytes32 artistsRoot;
        uint128 attributed;
        uint128 claimed;
    }

    /// @notice What arrived was added to the buyer's balance.
    event Deposited(address indexed buyer, address indexed payer, uint256 amount);
    /// @notice `amount` can be taken back from `availableFrom` (Unix seconds) on; 0 and 0: taken back.
    event WithdrawalAnnounced(address indexed buyer, uint256 amount, uint64 availableFrom);
    /// @notice `amount` of the balance went back to the buyer.
    event Withdrawn(address indexed buyer, uint256 amount);
    /// @notice `amount` of the balance was spent by a voucher, `spent` since the beginning.
    event Charged(address indexed buyer, uint256 amount, uint256 spent, bytes32 ordersRoot);
    /// @notice Vouchers over `sales` generations were settled; their Charged events stand before.
    event Settled(
        uint256 indexed settlementId,
        uint256 indexed period,
        uint256 sales, // generations
        uint256 price, // of all of them
        Settlement settlement
    );
    /// @notice `amount` of the artist's credits of a period was paid to its payee.
    event CreditsClaimed(
        uint256 indexed period, address indexed artist, address indexed payee, uint256 amount
    );

    /// @notice Only the market's operator settles.
    error NotOperator(address caller);
    /// @notice Nobody could ever withdraw this balance.
    error BuyerRefused(address buyer);
    /// @notice The guardian has stopped new orders; withdrawals and claims go on.
    error NewDepositsPaused();
    /// @notice `until` was the last second in which vouchers under these rules could be settled.
    error RulesSuperseded(uint32 version, uint256 until, uint256 now_);
    /// @notice The version still waits out its notice: nobody sells under it yet, however willing the buyer.
    error RulesNotInForce(uint32 version, uint40 effectiveFrom);
    /// @notice All that the voucher pays for is settled already.
    error NothingToCharge(address buyer);
    /// @notice The voucher's deadline (Unix seconds) has passed.
    error VoucherExpired(address buyer, uint64 deadline, uint256 now_);
    /// @notice An earlier voucher of the buyer's must be settled first.
    error VoucherGap(address buyer, uint256 from, uint256 spent);
    /// @notice The signature is not the buyer's over this voucher under these rules.
    error BadVoucher(address buyer);
    /// @notice The buyer's balance does not cover the charge.
    error BalanceTooLow(address buyer, uint256 balance, uint256 charge);
    /// @notice The charge is no multiple of the price of one generation.
    error NotWholeGenerations(address buyer, uint256 charge, uint256 unitPrice);
    /// @notice Nothing is charged, or a root or digest is missing.
    error EmptySettlement();
    /// @notice A settlement credits the present period only.
    error WrongPeriod(uint256 period, uint256 current);
    /// @notice More than the balance cannot be announced.
    error WithdrawalRefused(uint256 amount, uint256 balance);
    /// @notice Nothing is announced (0), or its notice still runs.
    error WithdrawalNotAvailable(address buyer, uint64 availableFrom, uint256 now_);
    /// @notice The proof does not lead from this leaf to the period's root.
    error NotCredited(uint256 period, address artist, uint256 amount);
    /// @notice The root credits more than the period's settlements set aside.
    error PeriodOverdrawn(uint256 period, uint256 asked, uint256 left);
    /// @notice The artist's payee is this contract, which could not pay on.
    error PayeeRefused(address payee);
}
