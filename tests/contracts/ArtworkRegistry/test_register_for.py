"""registerFor: the artist's signature, sent by anyone.

registerFor
├── after the signature's deadline → SignatureExpired
├── signature of somebody else, over other works, for another chain or nonce, or used → BadSignature
├── an exact copy → AlreadyRegistered
└── works recorded for the artist, the nonce used up; ECDSA or EIP-1271
"""

from eth_account import Account

from tests.contracts.clock import DAY, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.signing import digest, key_of, typed, with_code
from tests.contracts.works import as_message, signed, work


def signature_for(system, artist, works, **changes):
    return signed(system, artist, "RegisterWorks", works=as_message(works), **changes)


def test_relayed(system, who):
    works = [work(1), work(2, consent=0)]
    signature = signature_for(system, who.artist, works)
    system.registry.registerFor(who.artist, works, *signature, {"from": who.relayer})
    assert system.registry.recordOf(work(1)[0])[0] == who.artist
    assert system.registry.recordOf(work(2)[0])[2] == 0
    assert system.registry.nonces(who.artist) == 1


def test_account_with_a_key_and_code(system, who):
    """An account that EIP-7702 gave code which knows no EIP-1271 still signs by its key, and nobody else does."""
    works = [work(1)]
    right, forged = (signature_for(system, who.artist, works, signer=by) for by in (who.artist, who.other))
    with_code(who.artist)
    with reverts("BadSignature", who.artist):
        system.registry.registerFor(who.artist, works, *forged, {"from": who.relayer})
    system.registry.registerFor(who.artist, works, *right, {"from": who.relayer})


def test_replay(system, who):
    """An empty list would register nothing twice without an error, were it not for the nonce."""
    signature = signature_for(system, who.artist, [])
    system.registry.registerFor(who.artist, [], *signature, {"from": who.relayer})
    with reverts("BadSignature", who.artist):
        system.registry.registerFor(who.artist, [], *signature, {"from": who.relayer})


def test_signatures_that_do_not_fit(system, who):
    works = [work(1)]
    for deadline, signature in [
        signature_for(system, who.artist, works, signer=who.other),
        signature_for(system, who.artist, [work(2)]),
        signature_for(system, who.artist, [work(1, consent=0)]),
        signature_for(system, who.artist, works, chain_id=1),
        signature_for(system, who.artist, works, nonce=1),
        (now() + DAY, b""),
    ]:
        with reverts("BadSignature", who.artist):
            system.registry.registerFor(who.artist, works, deadline, signature, {"from": who.relayer})


def test_expired(system, who):
    deadline, signature = signature_for(system, who.artist, [work(1)])
    next_at(deadline + 1)
    with reverts("SignatureExpired", deadline, deadline + 1):
        system.registry.registerFor(who.artist, [work(1)], deadline, signature, {"from": who.relayer})


def test_exact_copy(system, who):
    system.registry.register([work(1)], {"from": who.artist})
    at = now()
    with reverts("AlreadyRegistered", work(1)[0], who.artist, at):
        system.registry.registerFor(who.artist2, [work(1)], *signature_for(system, who.artist2, [work(1)]),
                                    {"from": who.relayer})


def test_contract_wallet(system, who):
    wallet = who.deployer.deploy(system.project.WalletMock, who.artist)
    deadline = now() + DAY
    message = {"artist": wallet.address, "works": as_message([work(1)]), "nonce": 0, "deadline": deadline}
    to_sign = digest(typed(system.registry, "RegisterWorks", message))
    bad = Account.create().unsafe_sign_hash(to_sign).signature
    with reverts("BadSignature", wallet):
        system.registry.registerFor(wallet, [work(1)], deadline, bad, {"from": who.relayer})
    good = key_of(who.artist).unsafe_sign_hash(to_sign).signature
    system.registry.registerFor(wallet, [work(1)], deadline, good, {"from": who.relayer})
    assert system.registry.recordOf(work(1)[0])[0] == wallet
