// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IGenerationMarket} from "./interfaces/IGenerationMarket.sol";
import {IOrders} from "./interfaces/IOrders.sol";
import {Cid} from "./libraries/Cid.sol";

/// @title Generations as tokens of their buyers
/// @notice ERC-721 with ERC-2981. The buyer of a fulfilled order may mint one token for each output; nobody
/// else, and nobody must. The metadata is made here from what the order says: the file, its hash, the receipt.
/// Royalties come to this contract; anyone may pass them on: the settlement token to all holders of stake,
/// all else to the timelock.
contract GenerationToken is ERC721, ERC2981, Ownable {
    using SafeERC20 for IERC20;
    using Strings for uint256;

    /// @notice The largest royalty that a vote can set, basis points.
    uint96 public constant MAX_ROYALTY_BPS = 1_000;

    /// @notice The market whose orders these are.
    IOrders public immutable market;

    /// @dev What a token shows; its own file's hash and the rest stand in the market's event.
    struct Source {
        bytes32 orderId;
        bytes32 outputHash;
        bytes32 outputDigest;
        bytes32 attributionDigest;
    }

    /// @notice The order and the output behind a token; zeros when not minted.
    mapping(uint256 tokenId => Source) public sources;

    /// @notice The output at `index` of the order became a token of its buyer's.
    event GenerationMinted(
        uint256 indexed tokenId, bytes32 indexed orderId, address indexed buyer, uint256 index
    );
    /// @notice Basis points of a resale's price.
    event RoyaltyChanged(uint96 royaltyBps);
    /// @notice `token` is the zero address for native currency.
    event RoyaltiesPassedOn(address indexed token, address indexed to, uint256 amount);

    /// @notice Only the order's buyer may mint.
    error NotBuyer(address caller, address buyer);
    /// @notice `outputs` are not the deliveries of this order.
    error NotDelivered(bytes32 orderId);
    /// @notice The order has fewer outputs: `index` counts from 0.
    error NoSuchOutput(uint256 index, uint256 count);
    /// @notice A vote cannot set more than `most` basis points.
    error RoyaltyTooHigh(uint96 royaltyBps, uint96 most);

    /// @param owner The timelock: sets the royalty. @param royaltyBps At the beginning, basis points.
    constructor(IOrders market_, address owner, uint96 royaltyBps)
        ERC721("Melting Pot Generation", "POTGEN")
        Ownable(owner)
    {
        market = market_;
        _setRoyalty(royaltyBps);
        market_.settlementToken().forceApprove(address(market_), type(uint256).max);
    }

    /// @notice Native currency that a marketplace pays as royalty.
    receive() external payable {}

    /// @notice Mints the token of one output of a delivered order to its buyer, the caller. Reverts NotBuyer,
    /// NotDelivered, NoSuchOutput, ERC721InvalidSender when it was minted before.
    /// @param outputs All deliveries of the order, in their order, as in its OrderFulfilled events.
    function mint(
        IGenerationMarket.Order calldata order,
        IGenerationMarket.Output[] calldata outputs,
        uint256 index
    ) external returns (uint256 tokenId) {
        if (msg.sender != order.buyer) revert NotBuyer(msg.sender, order.buyer);
        bytes32 id = market.orderId(order);
        if (!market.isDelivered(id, outputs)) revert NotDelivered(id);
        if (index >= outputs.length) revert NoSuchOutput(index, outputs.length);
        tokenId = tokenIdOf(id, index);
        _mint(order.buyer, tokenId);
        IGenerationMarket.Output calldata o = outputs[index];
        sources[tokenId] = Source(id, o.outputHash, o.outputDigest, o.attributionDigest);
        emit GenerationMinted(tokenId, id, order.buyer, index);
    }

    /// @notice Sets the royalty of all tokens. Owner (timelock) only. Reverts RoyaltyTooHigh.
    function setRoyalty(uint96 royaltyBps) external onlyOwner {
        _setRoyalty(royaltyBps);
    }

    /// @notice Passes on what this contract holds of `token`: the settlement token to the holders of stake, any
    /// other to the timelock. Anyone.
    function passOn(IERC20 token) external {
        uint256 amount = token.balanceOf(address(this));
        if (address(token) == address(market.settlementToken())) {
            emit RoyaltiesPassedOn(address(token), address(market), amount);
            market.contribute(amount, 0, 0, 0);
        } else {
            emit RoyaltiesPassedOn(address(token), owner(), amount);
            token.safeTransfer(owner(), amount);
        }
    }

    /// @notice Passes native currency on to the timelock. Anyone.
    function passOnNative() external {
        uint256 amount = address(this).balance;
        emit RoyaltiesPassedOn(address(0), owner(), amount);
        Address.sendValue(payable(owner()), amount);
    }

    /// @notice The metadata as a data URI of JSON: name, description, image (IPFS), the file's sha256, the
    /// order and the receipt (the attribution document on IPFS). Reverts ERC721NonexistentToken.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        Source memory s = sources[tokenId];
        string memory order = uint256(s.orderId).toHexString(32);
        bytes memory json = abi.encodePacked(
            '{"name":"Melting Pot generation ',
            order,
            '","description":"Made by a model that is owned by the artists it learned from. The receipt names '
            'the artists it drew on and what each was paid.","image":"ipfs://',
            Cid.toString(s.outputDigest),
            '","external_url":"ipfs://',
            Cid.toString(s.attributionDigest),
            '","attributes":[{"trait_type":"order","value":"',
            order,
            '"},{"trait_type":"sha256","value":"',
            uint256(s.outputHash).toHexString(32),
            '"},{"trait_type":"receipt","value":"ipfs://',
            Cid.toString(s.attributionDigest),
            '"}]}'
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    /// @notice ERC-165: ERC-721, its metadata, ERC-2981.
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, ERC2981) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    /// @notice The token of an order's output. @param index From 0, in the order of delivery.
    function tokenIdOf(bytes32 orderId, uint256 index) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(orderId, index)));
    }

    function _setRoyalty(uint96 royaltyBps) private {
        if (royaltyBps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(royaltyBps, MAX_ROYALTY_BPS);
        _setDefaultRoyalty(address(this), royaltyBps);
        emit RoyaltyChanged(royaltyBps);
    }
}
