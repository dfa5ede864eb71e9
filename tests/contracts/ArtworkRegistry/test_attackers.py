"""What an attacker tries with works, their signatures and their disputes; each test says what they get.

front-run registration        → the work for as long as a dispute takes, then nothing, and two bonds less
published collection copied   → each work whose record the thief has written first, until a dispute about it
sham dispute against oneself  → blocks nobody: the real claimant's stands beside it
signature held back           → void once the artist changed anything directly
signature of elsewhere        → refused on another chain and by another contract, for every message
malformed Merkle proof        → no record
copy in a batch               → the whole batch fails
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.disputes import (
    CONTENT,
    answered,
    appealed,
    assert_bonds,
    decided,
    executed,
    opened,
    register,
    view,
)
from tests.contracts.merkle import Tree
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND
from tests.contracts.works import as_message, leaf, signed, work

DIGEST = b"\x41" * 32


def test_front_run_registration_is_won_back(system, who):
    """The file's hash stands in the artist's waiting transaction: a thief sends it first, with more gas."""
    thief, author = who.other, who.artist
    register(system, thief)
    with reverts("AlreadyRegistered", CONTENT, thief, now()):
        system.registry.register([work(1)], {"from": author})
    dispute = opened(system, author)
    answered(system, dispute, thief)
    decided(system, dispute, True)
    appealed(system, dispute, thief)
    executed(system, dispute, who.relayer)
    assert system.registry.recordOf(CONTENT)[0] == author
    assert system.registry.recordOf(CONTENT)[2] == 0  # the thief's consent is not the author's
    system.disputes.claimBond(author, {"from": who.relayer})
    assert (system.token.balanceOf(author), system.token.balanceOf(thief)) == (3 * BOND, 0)
    system.registry.setConsent([CONTENT], 1, {"from": author})


def test_collection_copied_before_its_works_are_proven(system, who):
    """A root holds no file's place, only a record does: whoever knows the files registers the same root in one
    transaction and proves first. The earlier collection is the evidence, and each work needs a dispute."""
    thief, author, works = who.other, who.artist, [work(n) for n in (1, 2, 3)]
    tree = Tree([leaf(w) for w in works])
    for account in (author, thief):
        system.registry.registerCollection(tree.root, len(works), DIGEST, 1, {"from": account})
        forward(DAY)
    for a_work in works[:2]:
        system.registry.proveWork(2, a_work, tree.proof(leaf(a_work)), {"from": thief})
        record = system.registry.recordOf(a_work[0])
        with reverts("AlreadyRegistered", a_work[0], thief, record[1]):
            system.registry.proveWork(1, a_work, tree.proof(leaf(a_work)), {"from": author})
        assert record[1] > system.registry.collectionOf(1)[1]
        dispute = opened(system, author, a_work[0])
        decided(system, dispute, True)
        executed(system, dispute, who.relayer)
        assert system.registry.recordOf(a_work[0])[0] == author
    system.registry.proveWork(1, works[2], tree.proof(leaf(works[2])), {"from": author})  # proven first: safe
    with reverts("AlreadyRegistered", works[2][0], author, system.registry.collectionOf(1)[1]):
        system.registry.proveWork(2, works[2], tree.proof(leaf(works[2])), {"from": thief})


def test_sham_dispute_against_oneself(system, who):
    """A contract that allowed one dispute a work would let a thief fill the place, and again after each lapse."""
    thief, friend, author = who.other, who.challenger, who.artist
    register(system, thief)
    sham = opened(system, friend)
    real = opened(system, author)
    own = opened(system, thief)
    decided(system, real, True)
    executed(system, real, who.relayer)
    assert system.registry.recordOf(CONTENT)[0] == author
    for dispute in (sham, own):  # even a resolver who is fooled by them takes nothing from the author
        decided(system, dispute, True)
        executed(system, dispute, who.relayer)
    assert system.registry.recordOf(CONTENT)[0] == author
    assert_bonds(system, thief, friend, author)


def test_sham_dispute_that_the_thief_lets_win(system, who):
    """It moves the stolen work to a friend; the author's bond comes back, and the friend is disputed as the
    thief was. The resolver should hear all disputes about a work before it rules on one: it has the time."""
    thief, friend, author = who.other, who.challenger, who.artist
    register(system, thief)
    sham, real = opened(system, friend), opened(system, author)
    decided(system, sham, True)
    decided(system, real, True)
    executed(system, sham, friend)
    executed(system, real, who.relayer)
    assert system.registry.recordOf(CONTENT)[0] == friend and system.registry.recordOf(CONTENT)[2] == 0
    assert system.disputes.bondOwed(author) == BOND
    again = opened(system, author)
    decided(system, again, True)
    executed(system, again, who.relayer)
    assert system.registry.recordOf(CONTENT)[0] == author
    assert_bonds(system, thief, friend, author)


def test_stalling_by_appeal_costs_a_bond(system, who):
    """The timelock need not even vote on an appeal that convinces nobody."""
    register(system, who.other)
    dispute = opened(system, who.artist)
    decided(system, dispute, True)
    appealed(system, dispute, who.other)
    by = view(system, dispute)["until"]
    executed(system, dispute, who.relayer)
    assert now() == by + 1
    assert system.disputes.bondOwed(who.artist) == 2 * BOND


KINDS = {
    "RegisterWorks": ({"works": as_message([work(1)])}, "registerFor", [[work(1)]]),
    "SetConsent": ({"contentHashes": [CONTENT], "consent": 1}, "setConsentFor", [[CONTENT], 1]),
    "SetMetadata": ({"contentHashes": [CONTENT], "metadataDigests": [DIGEST]}, "setMetadataFor",
                    [[CONTENT], [DIGEST]]),
    "SetPayee": ({"payee": "0x" + "11" * 20}, "setPayeeFor", ["0x" + "11" * 20]),
    "RegisterCollection": ({"root": DIGEST, "count": 5, "metadataDigest": DIGEST, "consent": 1},
                           "registerCollectionFor", [DIGEST, 5, DIGEST, 1]),
    "SetCollectionConsent": ({"collectionId": 1, "consent": 1}, "setCollectionConsentFor", [1, 1]),
}
CHANGES = {"setConsent": ([], 0), "setMetadata": ([], []), "setPayee": ("0x" + "00" * 20,),
           "setCollectionConsent": (1, 0)}


def send(system, who, kind, signature):
    _, function, arguments = KINDS[kind]
    call = getattr(system.registry, function)
    return call(who.artist, *arguments, *signature, {"from": who.relayer})


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", KINDS)
def test_signature_held_back(system, who, kind, change):
    system.registry.registerCollection(DIGEST, 5, DIGEST, 1, {"from": who.artist})
    held_back = signed(system, who.artist, kind, **KINDS[kind][0])
    getattr(system.registry, change)(*CHANGES[change], {"from": who.artist})
    with reverts("BadSignature", who.artist):
        send(system, who, kind, held_back)


@pytest.mark.parametrize("kind", KINDS)
def test_signature_for_another_chain(system, who, kind):
    with reverts("BadSignature", who.artist):
        send(system, who, kind, signed(system, who.artist, kind, chain_id=1, **KINDS[kind][0]))


def test_signatures_for_another_registry(system, hostile, who):
    for kind, (content, _, _) in KINDS.items():
        with reverts("BadSignature", who.artist):
            send(system, who, kind, signed(hostile, who.artist, kind, **content))


@pytest.mark.parametrize("kind", KINDS)
def test_signature_used_twice(system, who, kind):
    if kind == "SetCollectionConsent":
        system.registry.registerCollection(DIGEST, 5, DIGEST, 1, {"from": who.artist})
    elif kind != "RegisterWorks":
        register(system, who.artist)
    signature = signed(system, who.artist, kind, **KINDS[kind][0])
    send(system, who, kind, signature)
    with reverts("BadSignature", who.artist):
        send(system, who, kind, signature)


def test_malformed_proofs(system, who):
    """Inner nodes, single hashes and longer paths are no works; a collection of one has an empty proof."""
    works = [work(n) for n in range(1, 6)]
    tree = Tree([leaf(w) for w in works])
    system.registry.registerCollection(tree.root, 5, DIGEST, 1, {"from": who.artist})
    path = tree.proof(leaf(works[0]))
    bad = [[], path[1:], path[:-1], path[::-1], path + [DIGEST], [leaf(works[0])] + path, [b"\0" * 32] * 600]
    for proof in bad:
        with reverts("NotInCollection", 1, CONTENT):
            system.registry.proveWork(1, works[0], proof, {"from": who.other})
    # A "work" whose four fields hash to an inner node would have to be 128 bytes; two children are 64.
    children = sorted([path[-1], keccak(b"".join(sorted([leaf(works[0]), path[0]])))])
    fake = (children[0], children[1], DIGEST, 1)
    with reverts("NotInCollection", 1, children[0]):
        system.registry.proveWork(1, fake, [], {"from": who.other})
    system.registry.registerCollection(leaf(works[1]), 1, DIGEST, 1, {"from": who.artist})
    system.registry.proveWork(2, works[1], [], {"from": who.other})
    assert system.registry.recordOf(works[1][0])[0] == who.artist


def test_copy_in_a_batch_after_a_proof(system, who):
    works = [work(n) for n in (1, 2)]
    tree = Tree([leaf(w) for w in works])
    system.registry.registerCollection(tree.root, 2, DIGEST, 1, {"from": who.artist})
    since = now()
    system.registry.proveWork(1, works[0], tree.proof(leaf(works[0])), {"from": who.other})
    batch = [work(8), works[0], work(9)]
    relayed = signed(system, who.artist2, "RegisterWorks", works=as_message(batch))
    with reverts("AlreadyRegistered", CONTENT, who.artist, since):
        system.registry.registerFor(who.artist2, batch, *relayed, {"from": who.relayer})
    assert system.registry.recordOf(work(8)[0])[1] == 0


def test_copy_twice_in_one_relayed_batch(system, who):
    batch = [work(1), work(2), work(1)]
    relayed = signed(system, who.artist, "RegisterWorks", works=as_message(batch), deadline=now() + DAY)
    at = now() + 50
    next_at(at)
    with reverts("AlreadyRegistered", CONTENT, who.artist, at):
        system.registry.registerFor(who.artist, batch, *relayed, {"from": who.relayer})


def test_gas_of_registrations(system, who):
    """The goals of docs/benchmarks.md: 40,000 a work in a batch of 100, 100,000 for a collection of 1,000."""
    batch = [work(n) for n in range(100, 200)]
    direct = system.registry.register(batch, {"from": who.artist})
    other = [work(n) for n in range(200, 300)]
    relayed = signed(system, who.artist, "RegisterWorks", works=as_message(other))
    signed_for = system.registry.registerFor(who.artist, other, *relayed, {"from": who.relayer})
    assert direct.gas_used <= 40_000 * 100 and signed_for.gas_used <= 40_000 * 100
    collections = [system.registry.registerCollection(bytes([i]) * 32, 1_000, DIGEST, 1, {"from": who.artist})
                   for i in (1, 2)]
    assert max(tx.gas_used for tx in collections) <= 100_000
