"""One function for each row of the gas table: it returns the gas of the first and of a repeated transaction.

Each begins on a chain where nothing was sold yet and the holders have their stake. "First" is the first
time for everybody in it: accounts and counters are zero before. "Repeat" is what follows from the second
time on: every account and counter in it was used before, sales of earlier periods are streaming, other
orders are open. Hashes, digests and salts are random, signatures real. Where one transaction does many
things, a row is what one of them costs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from benchmarks.chain import ARTISTS, DAY_S, World
from tests.contracts.orders import PRICE
from tests.contracts.signing import vrs
from tests.contracts.works import FIELDS

Gas = tuple[int, int]
CEILING = PRICE * 4_000 // 10_000


def random32() -> bytes:
    return secrets.token_bytes(32)


def order(world: World, buyer: str) -> tuple[Any, ...]:
    """An order of one generation, as the contract's struct."""
    return (buyer, PRICE, 1, random32(), random32(), 1, world.now() + 2 * DAY_S, int.from_bytes(random32()))


def requested(world: World, buyer: str) -> tuple[Any, ...]:
    """A paid order. The buyer keeps some money, as buyers do."""
    new = order(world, buyer)
    world.fund(buyer, 2 * PRICE, world.market)
    world.send(buyer, world.market.functions.request(new))
    return new


def delivery(world: World, paid: tuple[Any, ...], *artists: str) -> tuple[Any, list[tuple[str, int]]]:
    """A delivery that credits the artists equally, up to their share."""
    credits = [(artist, CEILING // len(artists)) for artist in artists]
    number = world.market.functions.orderId(paid).call()
    return (number, len(credits), (1, random32(), random32(), random32())), credits


def fulfil(world: World, paid: tuple[Any, ...], *artists: str) -> int:
    return world.send(world.operator, world.market.functions.fulfil(*delivery(world, paid, *artists)))


def per_one(gas: int, count: int) -> int:
    """What one of `count` things costs, rounded up."""
    return -(-gas // count)


def busy(world: World, *artists: str) -> None:
    """A market in the middle of its life: sales before, a stream that runs, an order that stays open."""
    for _ in range(2):
        fulfil(world, requested(world, world.buyer), *artists)
        world.forward(8 * DAY_S)
    fulfil(world, requested(world, world.buyer), *artists)
    requested(world, world.buyer)
    world.forward(3_600)


def fulfil_pool(world: World) -> Gas:
    """One order delivered without credits: holders, platform, network, learning contributors."""
    first = fulfil(world, requested(world, world.buyer))
    busy(world)
    return first, fulfil(world, requested(world, world.buyer))


def fulfil_3_artists(world: World) -> Gas:
    """One order delivered, with three artists credited."""
    artists = (world.artist, world.artist2, world.artist3)
    first = fulfil(world, requested(world, world.buyer), *artists)
    busy(world, *artists)
    return first, fulfil(world, requested(world, world.buyer), *artists)


def fulfil_batch_50_per_order(world: World) -> Gas:
    """Fifty orders of fifty buyers delivered at once."""

    def batch() -> int:
        deliveries = [delivery(world, requested(world, buyer))[0] for buyer in world.buyers]
        many = world.market.functions.fulfilMany(deliveries, [])
        return per_one(world.send(world.operator, many), len(deliveries))

    first = batch()
    busy(world)
    return first, batch()


def bulk_1000_per_sale(world: World) -> Gas:
    """A thousand prepaid sales of fifty buyers settled at once: twenty each, credits to artists by a root."""
    sales, spent = 1_000, 0
    each = sales // len(world.buyers) * PRICE
    for buyer in world.buyers:
        world.fund(buyer, 3 * each, world.prepaid)
        world.send(buyer, world.prepaid.functions.deposit(buyer, 3 * each))

    def once() -> int:
        until = world.now() + DAY_S
        charges = []
        for buyer in world.buyers:
            orders = random32()
            message = {"buyer": buyer, "from": spent, "to": spent + each, "rulesVersion": 1, "ordersRoot": orders,
                       "deadline": until}
            signature = world.sign(buyer, "PrepaidSales", "Voucher", message).signature
            charges.append((buyer, spent, spent + each, orders, until, signature))
        period = world.prepaid.functions.currentPeriod().call()
        settlement = (1, period, random32(), random32(), CEILING * sales, random32(), random32())
        settle = world.prepaid.functions.settle(settlement, charges)
        return per_one(world.send(world.operator, settle), sales)

    first = once()
    spent += each
    return first, once()


def claim(world: World) -> Gas:
    """An artist's credits."""

    def once() -> int:
        fulfil(world, requested(world, world.buyer), world.artist, world.artist2)
        return world.send(world.relayer, world.market.functions.claim(world.artist))

    first = once()
    busy(world, world.artist)
    return first, once()


def claim_revenue(world: World) -> Gas:
    """A holder's part of the sales, from the pool."""
    holder = world.holders[0]
    busy(world)
    # So much that the part of one of ten thousand is whole units.
    for _ in range(2):
        fulfil(world, requested(world, world.buyer))
        world.forward(8 * DAY_S)
    first = world.send(world.relayer, world.pool.functions.claim(holder))
    busy(world)
    return first, world.send(world.relayer, world.pool.functions.claim(holder))


def order_erc3009(world: World) -> Gas:
    """An order paid by an ERC-3009 authorization that somebody else sends."""

    def once() -> int:
        new = order(world, world.buyer)
        number = world.market.functions.orderId(new).call()
        until = world.now() + DAY_S
        world.fund(world.buyer, 2 * PRICE)
        message = {
            "from": world.buyer,
            "to": world.market.address,
            "value": PRICE,
            "validAfter": 0,
            "validBefore": until,
            "nonce": number,
        }
        signature = world.sign(world.buyer, "SettlementTokenMock", "ReceiveWithAuthorization", message)
        pay = world.market.functions.requestWithAuthorization(new, 0, until, *vrs(signature))
        return world.send(world.relayer, pay)

    first = once()
    busy(world)
    return first, once()


def refund(world: World) -> Gas:
    """An order that was not delivered, given back by somebody else."""

    def once() -> int:
        late = requested(world, world.buyer)
        world.forward(3 * DAY_S)
        return world.send(world.relayer, world.market.functions.refund(late))

    first = once()
    busy(world)
    return first, once()


def register_batch_100_per_work(world: World) -> Gas:
    """A hundred works registered by their artist at once."""

    def batch() -> int:
        works = [(*(random32() for _ in FIELDS[:3]), 1) for _ in range(100)]
        return per_one(world.send(world.artist, world.registry.functions.register(works)), len(works))

    return batch(), batch()


def register_collection_per_work(world: World) -> Gas:
    """A collection of a thousand works, by its root."""

    def once() -> int:
        new = world.registry.functions.registerCollection(random32(), 1_000, random32(), 1)
        return per_one(world.send(world.artist, new), 1_000)

    return once(), once()


def stake_transfer(world: World) -> Gas:
    """Stake moved while revenue streams; first: to somebody who never had any."""
    sender, other = world.holders[0], world.holders[1]
    world.unlock(sender)
    busy(world)
    first = world.send(sender, world.stake.functions.transfer(world.artist, 10**15))
    world.send(sender, world.stake.functions.transfer(other, 10**15))
    world.forward(3_600)
    return first, world.send(sender, world.stake.functions.transfer(other, 10**15))


def claim_stake(world: World) -> Gas:
    """One allocation of a finalised round minted; repeat: to somebody who has stake already."""
    busy(world)
    each = 10**18
    accounts = [world.artist, *world.holders]
    number, tree = world.finalised([(account, each) for account in accounts])

    def once(i: int) -> int:
        minted = world.rounds.functions.claim(number, ARTISTS, accounts[i], each, tree.proof(i))
        return world.send(world.relayer, minted)

    return once(0), once(1)


# In the order of the table. The goal is for `repeat`; None: none was set.
ROWS: dict[str, tuple[Callable[[World], Gas], int | None]] = {
    "fulfil_pool": (fulfil_pool, 62_000),
    "fulfil_3_artists": (fulfil_3_artists, 87_000),
    "fulfil_batch_50_per_order": (fulfil_batch_50_per_order, 12_000),
    "bulk_1000_per_sale": (bulk_1000_per_sale, 1_000),
    "claim": (claim, 61_500),
    "order_erc3009": (order_erc3009, 94_000),
    "refund": (refund, 44_500),
    "register_batch_100_per_work": (register_batch_100_per_work, 40_000),
    "register_collection_per_work": (register_collection_per_work, 100),
    "claim_revenue": (claim_revenue, None),
    "stake_transfer": (stake_transfer, None),
    "claim_stake": (claim_stake, None),
}
