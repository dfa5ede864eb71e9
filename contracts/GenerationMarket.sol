// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {OrderEscrow} from "./OrderEscrow.sol";
import {ICompensationRules} from "./interfaces/ICompensationRules.sol";
import {IRevenuePool} from "./interfaces/IRevenuePool.sol";
import {SaleSplit} from "./libraries/SaleSplit.sol";

/// @title Paid generations: who is owed what of each sale
/// @notice Requested, then fulfilled or refunded (see OrderEscrow). A sale is divided by the rules version in
/// its order: attributed artists, all holders, platform, network, learning contributors. Nobody is pushed
/// money: parts are owed and anyone may trigger their payment. Amounts are in the settlement token's smallest
/// unit.
contract GenerationMarket is OrderEscrow, AccessControl {
    using SafeERC20 for IERC20;

    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @dev With the escrow's two sums, four slots in all.
    struct Sums {
        uint128 attributed;
        uint128 holders;
        uint128 learning;
        uint128 platform;
        uint128 network;
        uint128 claimed;
    }

    IRevenuePool public immutable pool;

    /// @notice Who is owed the platform, network and learning shares of sales from now on.
    Payees public payees;
    /// @notice Credits and shares that claim(account) pays.
    mapping(address account => uint256) public owed;
    Sums private _sums;

    /// @param admin The timelock: sets payees, grants and revokes the two roles.
    /// @param operator Fulfils orders. @param guardian May stop new orders, nothing else.
    constructor(
        IERC20 settlementToken_,
        ICompensationRules rules_,
        IRevenuePool pool_,
        address admin,
        address operator,
        address guardian,
        Payees memory payees_
    ) OrderEscrow(settlementToken_, rules_) {
        pool = pool_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(OPERATOR_ROLE, operator);
        _grantRole(GUARDIAN_ROLE, guardian);
        _setPayees(payees_);
        // The pool takes only what deposit() names, and only this contract may call that.
        settlementToken_.forceApprove(address(pool_), type(uint256).max);
    }

    /// @notice Delivers an order and divides its price by the order's own rules version. OPERATOR_ROLE, until
    /// the deadline. Reverts WrongState, DeadlinePassed, EmptyOutput, TooManyCredits, CreditRefused,
    /// CreditsExceedShare.
    function fulfil(Order calldata order, Fulfilment calldata fulfilment)
        external
        nonReentrant
        onlyRole(OPERATOR_ROLE)
    {
        uint256 holders = _fulfil(order, fulfilment);
        if (holders != 0) pool.deposit(holders);
    }

    /// @notice As fulfil, for several orders at once; all or none. OPERATOR_ROLE.
    function fulfilMany(Order[] calldata orders, Fulfilment[] calldata fulfilments)
        external
        nonReentrant
        onlyRole(OPERATOR_ROLE)
    {
        if (orders.length != fulfilments.length) revert LengthMismatch(orders.length, fulfilments.length);
        uint256 holders;
        for (uint256 i = 0; i < orders.length; ++i) holders += _fulfil(orders[i], fulfilments[i]);
        if (holders != 0) pool.deposit(holders);
    }

    /// @notice Pays `account` what it is owed from credits and shares, to itself. Anyone.
    /// @return amount Paid; 0 when nothing was owed.
    function claim(address account) external nonReentrant returns (uint256 amount) {
        amount = _claim(account, true);
    }

    /// @notice As claim, for each of `accounts`, but leaves out those to whom the token refuses a transfer:
    /// one blacklisted account must not hold up a batch. Anyone; the caller bounds the list.
    function claimMany(address[] calldata accounts) external nonReentrant {
        for (uint256 i = 0; i < accounts.length; ++i) _claim(accounts[i], false);
    }

    /// @notice Names who gets the platform, network and learning shares of later sales. DEFAULT_ADMIN_ROLE
    /// (timelock). Reverts PayeeRefused.
    function setPayees(address platform, address network, address learning)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        _setPayees(Payees(platform, network, learning));
    }

    /// @notice Stops new orders; fulfilments, refunds and claims go on. GUARDIAN_ROLE.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Lets new orders in again. GUARDIAN_ROLE or DEFAULT_ADMIN_ROLE.
    function unpause() external {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(GUARDIAN_ROLE);
        _unpause();
    }

    /// @notice Sums since deployment: received = attributed + holders + learning + platform + network +
    /// escrowed + refunded. `claimed` is the part of attributed + learning + platform + network that claim()
    /// paid out; `holders` went to the pool.
    function totals()
        external
        view
        returns (
            uint256 received,
            uint256 attributed,
            uint256 holders,
            uint256 learning,
            uint256 platform,
            uint256 network,
            uint256 escrowed,
            uint256 refunded,
            uint256 claimed
        )
    {
        Sums memory s = _sums;
        (received, refunded) = (_received, _refunded);
        (attributed, holders, learning) = (s.attributed, s.holders, s.learning);
        (platform, network, claimed) = (s.platform, s.network, s.claimed);
        escrowed = received - attributed - holders - learning - platform - network - refunded;
    }

    /// @return holders What the caller must deposit in the pool.
    function _fulfil(Order calldata order, Fulfilment calldata fulfilment) private returns (uint256 holders) {
        bytes32 id = orderId(order);
        _move(id, State.Requested, State.Fulfilled);
        if (block.timestamp > order.deadline) revert DeadlinePassed(order.deadline, block.timestamp);
        if (fulfilment.outputHash == 0 || fulfilment.outputDigest == 0) revert EmptyOutput(id);
        ICompensationRules.Rules memory r = rules.rulesOf(order.rulesVersion);
        uint256 attributed = _credit(id, fulfilment.credits, r.maxCredits);
        uint256 platform;
        uint256 network;
        uint256 learning;
        (holders, platform, network, learning) = SaleSplit.split(_priceOf(order, r), r, attributed);

        owed[payees.platform] += platform;
        owed[payees.network] += network;
        owed[payees.learning] += learning;
        _count(attributed, holders, learning, platform, network);
        emit OrderFulfilled(
            id,
            fulfilment.outputHash,
            fulfilment.outputDigest,
            fulfilment.attributionDigest,
            attributed,
            holders,
            learning,
            platform,
            network
        );
    }

    /// @dev No part exceeds the received sum, which fits 128 bits: the casts lose nothing.
    function _count(uint256 attributed, uint256 holders, uint256 learning, uint256 platform, uint256 network)
        private
    {
        Sums memory s = _sums;
        s.attributed += uint128(attributed);
        s.holders += uint128(holders);
        s.learning += uint128(learning);
        s.platform += uint128(platform);
        s.network += uint128(network);
        _sums = s;
    }

    /// @dev Owes each artist its credit; bounded by the rules' maxCredits. Reverts TooManyCredits,
    /// CreditRefused.
    function _credit(bytes32 id, Credit[] calldata credits, uint256 most) private returns (uint256 sum) {
        if (credits.length > most) revert TooManyCredits(credits.length, most);
        for (uint256 i = 0; i < credits.length; ++i) {
            (address artist, uint256 amount) = (credits[i].artist, credits[i].amount);
            if (amount == 0 || _cannotClaim(artist)) revert CreditRefused(artist, amount);
            owed[artist] += amount;
            sum += amount;
            emit ArtistCredited(id, artist, amount);
        }
    }

    /// @param insist Whether a refused transfer reverts; else the amount stays owed. Callers hold the guard.
    function _claim(address account, bool insist) private returns (uint256 amount) {
        amount = owed[account];
        if (amount == 0) return 0;
        owed[account] = 0;
        if (insist) {
            settlementToken.safeTransfer(account, amount);
        } else if (!settlementToken.trySafeTransfer(account, amount)) {
            owed[account] = amount;
            return 0;
        }
        _sums.claimed += SafeCast.toUint128(amount);
        emit OwedClaimed(account, amount);
    }

    function _setPayees(Payees memory p) private {
        if (_cannotClaim(p.platform)) revert PayeeRefused(p.platform);
        if (_cannotClaim(p.network)) revert PayeeRefused(p.network);
        if (_cannotClaim(p.learning)) revert PayeeRefused(p.learning);
        payees = p;
        emit PayeesChanged(p.platform, p.network, p.learning);
    }

    /// @dev Money owed to these could never be paid out.
    function _cannotClaim(address account) private view returns (bool) {
        return account == address(0) || account == address(this) || account == address(pool);
    }
}
