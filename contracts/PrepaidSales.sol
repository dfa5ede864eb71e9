// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {PrepaidBalances} from "./PrepaidBalances.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IPayees} from "./interfaces/IPayees.sol";
import {IMarketSwitches} from "./interfaces/IMarketSwitches.sol";
import {SaleSplit} from "./libraries/SaleSplit.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Many small sales, settled together
/// @notice A buyer prepays a balance and signs vouchers, each for all that was bought so far. The market's
/// operator settles the vouchers of many buyers in one transaction, with the root and the CID of the receipts
/// of every sale in them. The holders' and the funds' parts go to the market at once; artists are credited by
/// a Merkle root of each week, which grows with its settlements and never changes after it. What is not
/// covered by a voucher is the buyer's, who gets it back after NOTICE_PERIOD. Amounts are in the settlement
/// token's smallest unit.
/// @dev At any time settlementToken.balanceOf(this) >= sum(balanceOf) + sum over periods of attributed -
/// claimed. No roles of its own: the market's operator settles, and the market's pause stops deposits.
contract PrepaidSales is PrepaidBalances, EIP712 {
    using SafeERC20 for IERC20;

    bytes32 public constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(address buyer,uint128 from,uint128 to,uint32 rulesVersion,bytes32 ordersRoot,uint64 deadline)"
    );
    /// @notice Seconds that one root of credits collects for; periods count from the Unix epoch.
    uint256 public constant CREDIT_PERIOD = 7 days;
    bytes32 private constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    ICompensationRules public immutable rules;
    /// @notice The registry: knows where artists want their money.
    IPayees public immutable registry;

    /// @notice Settlements so far; ids run from 1 to this.
    uint256 public settlementCount;
    mapping(uint256 period => Period) public periods;
    /// @notice Paid to an artist of a period's credits.
    mapping(uint256 period => mapping(address artist => uint256)) public claimedOf;

    constructor(
        IERC20 settlementToken_,
        ICompensationRules rules_,
        IMarketSwitches market_,
        IPayees registry_
    ) PrepaidBalances(settlementToken_, market_) EIP712("MeltingPot PrepaidSales", "1") {
        rules = rules_;
        registry = registry_;
        // The market takes only what contribute() is told to, by the caller: this contract.
        settlementToken_.forceApprove(address(market_), type(uint256).max);
    }

    /// @notice Settles vouchers of many buyers. The market's operator. All or none. Reverts NotOperator,
    /// UnknownVersion, RulesNotInForce, RulesSuperseded, WrongPeriod, EmptySettlement, CreditsExceedShare, and
    /// for a charge VoucherExpired, VoucherGap, NothingToCharge, BalanceTooLow, NotWholeGenerations, BadVoucher.
    function settle(Settlement calldata s, Charge[] calldata charges) external nonReentrant {
        if (!market.hasRole(OPERATOR_ROLE, msg.sender)) revert NotOperator(msg.sender);
        ICompensationRules.SaleTerms memory terms = rules.saleTermsOf(s.rulesVersion);
        _checkInForce(s.rulesVersion, terms);
        uint256 price;
        for (uint256 i = 0; i < charges.length; ++i) {
            price += _charge(s.rulesVersion, terms.unitPrice, charges[i]);
        }
        if (price == 0 || s.receiptsRoot == 0 || s.receiptsDigest == 0) revert EmptySettlement();
        SaleSplit.Parts memory parts;
        SaleSplit.addTo(
            parts,
            price,
            SaleSplit.pack(terms.artistsBps, terms.platformBps, terms.networkBps, terms.learningBps),
            s.attributed
        );
        _credit(s);
        emit Settled(++settlementCount, s.period, price / terms.unitPrice, price, s);
        market.contribute(parts.holders, parts.platform, parts.network, parts.learning);
    }

    /// @notice Pays `artist` its credits of a period, as far as they are not paid yet, to its payee. Anyone, at
    /// any time.
    /// @param amount The artist's credits in the period, as in the leaf. @return paid 0 when nothing is left.
    /// Reverts NotCredited, PeriodOverdrawn, PayeeRefused.
    function claim(uint256 period, address artist, uint256 amount, bytes32[] calldata proof)
        external
        nonReentrant
        returns (uint256 paid)
    {
        Period storage p = periods[period];
        if (!MerkleProof.verifyCalldata(proof, p.artistsRoot, leafOf(period, artist, amount))) {
            revert NotCredited(period, artist, amount);
        }
        uint256 before = claimedOf[period][artist];
        if (amount <= before) return 0;
        paid = amount - before;
        uint256 left = p.attributed - p.claimed;
        if (paid > left) revert PeriodOverdrawn(period, paid, left);
        address payee = registry.payeeOf(artist);
        if (payee == address(this)) revert PayeeRefused(payee);
        claimedOf[period][artist] = amount;
        p.claimed += uint128(paid);
        emit CreditsClaimed(period, artist, payee, paid);
        settlementToken.safeTransfer(payee, paid);
    }

    /// @notice The period that a settlement now credits.
    function currentPeriod() public view returns (uint256) {
        return block.timestamp / CREDIT_PERIOD;
    }

    /// @notice What the buyer signs for a charge: the EIP-712 digest of its Voucher.
    function voucherDigest(uint32 rulesVersion, Charge calldata c) public view returns (bytes32) {
        bytes memory content =
            abi.encode(VOUCHER_TYPEHASH, c.buyer, c.from, c.to, rulesVersion, c.ordersRoot, c.deadline);
        return _hashTypedDataV4(keccak256(content));
    }

    /// @notice The leaf of an artist's credits in a period: hashed twice, so that no inner node passes for it.
    function leafOf(uint256 period, address artist, uint256 amount) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(period, artist, amount))));
    }

    /// @dev Vouchers under older rules are settled as long as an order that was placed in their last second could
    /// be delivered: else operator and buyer could keep to a price for ever that the holders have voted away.
    function _checkInForce(uint32 version, ICompensationRules.SaleTerms memory terms) private view {
        if (block.timestamp < terms.effectiveFrom) revert RulesNotInForce(version, terms.effectiveFrom);
        uint256 end = rules.endsAt(version);
        if (end < block.timestamp && block.timestamp - end > terms.maxOrderWindow) {
            revert RulesSuperseded(version, end + terms.maxOrderWindow, block.timestamp);
        }
    }

    /// @return charge What was taken from the buyer's balance.
    function _charge(uint32 rulesVersion, uint256 unitPrice, Charge calldata c)
        private
        returns (uint256 charge)
    {
        address buyer = c.buyer;
        Balance memory b = balanceOf[buyer];
        if (block.timestamp > c.deadline) revert VoucherExpired(buyer, c.deadline, block.timestamp);
        if (b.spent < c.from) revert VoucherGap(buyer, c.from, b.spent);
        if (c.to <= b.spent) revert NothingToCharge(buyer);
        charge = c.to - b.spent;
        if (charge > b.amount) revert BalanceTooLow(buyer, b.amount, charge);
        if (charge % unitPrice != 0) revert NotWholeGenerations(buyer, charge, unitPrice);
        if (!Signatures.isOf(buyer, voucherDigest(rulesVersion, c), c.signature)) revert BadVoucher(buyer);
        balanceOf[buyer] = Balance(b.amount - uint128(charge), c.to);
        emit Charged(buyer, charge, c.to, c.ordersRoot);
    }

    /// @dev Adds the settlement's credits to the present period. Artists' money that a root leaves out waits
    /// for a later root of the same period. The period is named, because a transaction that is mined after its
    /// week would leave a root whose leaves nobody could claim.
    function _credit(Settlement calldata s) private {
        if (s.period != currentPeriod()) revert WrongPeriod(s.period, currentPeriod());
        if (s.attributed == 0) return;
        if (s.artistsRoot == 0 || s.artistsDigest == 0) revert EmptySettlement();
        Period storage p = periods[s.period];
        p.artistsRoot = s.artistsRoot;
        p.attributed += s.attributed;
    }
}
