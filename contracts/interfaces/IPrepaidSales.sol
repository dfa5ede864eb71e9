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

    event Deposited(address indexed buyer, address indexed payer, uint256 amount);
    event WithdrawalAnnounced(address indexed buyer, uint256 amount, uint64 availableFrom);
    event Withdrawn(address indexed buyer, uint256 amount);
    event Charged(address indexed buyer, uint256 amount, uint256 spent, bytes32 ordersRoot);
    event Settled(
        uint256 indexed settlementId,
        uint256 indexed period,
        uint256 sales, // generations
        uint256 price, // of all of them
        Settlement settlement
    );
    event CreditsClaimed(
        uint256 indexed period, address indexed artist, address indexed payee, uint256 amount
    );

    error NotOperator(address caller);
    error BuyerRefused(address buyer);
    error NewDepositsPaused();
    /// @notice The version still waits out its notice: nobody sells under it yet, however willing the buyer.
    /// @notice `until` was the last second in which vouchers under these rules could be settled.
    error RulesSuperseded(uint32 version, uint256 until, uint256 now_);
    error RulesNotInForce(uint32 version, uint40 effectiveFrom);
    error NothingToCharge(address buyer);
    error VoucherExpired(address buyer, uint64 deadline, uint256 now_);
    /// @notice An earlier voucher of the buyer's must be settled first.
    error VoucherGap(address buyer, uint256 from, uint256 spent);
    error BadVoucher(address buyer);
    error BalanceTooLow(address buyer, uint256 balance, uint256 charge);
    error NotWholeGenerations(address buyer, uint256 charge, uint256 unitPrice);
    error EmptySettlement();
    error WrongPeriod(uint256 period, uint256 current);
    error WithdrawalRefused(uint256 amount, uint256 balance);
    error WithdrawalNotAvailable(address buyer, uint64 availableFrom, uint256 now_);
    error NotCredited(uint256 period, address artist, uint256 amount);
    error PeriodOverdrawn(uint256 period, uint256 asked, uint256 left);
    error PayeeRefused(address payee);
}
