"""Attacks on the chain itself, each by whoever could try it, against a stranger who sees chain and IPFS only.

Dishonest operator (records and credits within the contract's bounds) · dishonest proposer (leaves, consent)
· contracts that do what they must not (played by the development chain) · a node that leaves logs out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from PIL.Image import Image

from backend.chain.bonds import approve_bond
from backend.chain.client import ChainClient
from backend.errors import ContractReverted
from backend.generations import fulfilment, provenance, service
from backend.generations.attribution import encoded, with_credits
from backend.generations.fulfilment import Fulfilment
from backend.generations.orders import Order
from backend.generations.serving import ServedModel
from backend.jobs.queue import LeasedOrder
from backend.storage.cid import digest_of
from backend.training import rounds
from backend.training.merkle import Leaf, StandardTree
from backend.verify import service as verify
from backend.verify.checks import Findings
from backend.verify.facts import read_facts
from backend.verify.wiring import check_wiring
from tests.backend.chain.reading import send_unlocked
from tests.backend.sales_world import SAMPLING, World, quiet, rooted
from tests.backend.verify.test_verify import Stranger, failed

PROMPT = "a green circle"
GWEI = 10**9


def findings(world: World) -> list[str]:
    return failed(verify.verify(Stranger(world), quick=True))


def assert_found(world: World, *expected: str) -> None:
    found = findings(world)
    for text in expected:
        assert any(text in line for line in found), found


def impersonate(world: World, role: str, call: Any) -> None:
    """What a contract of ours would have to do by itself if it were not the published one."""
    address = getattr(world.ctx.contracts, role).address
    world.ctx.client.rpc("anvil_impersonateAccount", address)
    world.ctx.client.fund(address)
    send_unlocked(world.ctx, address, call)
    world.ctx.client.rpc("anvil_stopImpersonatingAccount", address)


# ---- the operator ------------------------------------------------------------------------------------------


def pinned(
    world: World, leased: LeasedOrder, model: ServedModel, pictures: list[Image], first: int = 0
) -> tuple[list[Image], fulfilment.Output]:
    """The files as an honest operator delivers them, and the pictures in them; `first` is the number of the
    first picture in its order.
    """
    signer = provenance.credentials_of(world.ctx.settings)
    origins = provenance.origins_of(world.ctx, leased, model.cid)
    origins = [replace(origin, number=origin.number + first) for origin in origins]
    pictures = provenance.marked(pictures, origins)
    return pictures, fulfilment.pin(world.ctx, provenance.files(pictures, origins, signer))


@pytest.fixture
def sale(forgotten: World) -> tuple[Order, Fulfilment, ServedModel]:
    """A paid order and what an honest operator would deliver for it."""
    account = forgotten.buyer(41)
    order = forgotten.quote(account, PROMPT)
    order_id = service.request_by_authorization(forgotten.ctx, account, order, PROMPT)
    model = forgotten.worker().models.get(order.model_digest)
    leased = LeasedOrder(order_id, order, 10**6, PROMPT, 1)
    pictures = fulfilment.generate(model, [leased], SAMPLING, quiet)[0]
    pictures, output = pinned(forgotten, leased, model, pictures)
    return order, fulfilment.attribute(forgotten.ctx, model, leased, pictures, output, SAMPLING), model


def deliver(world: World, found: Fulfilment, record: dict[str, Any] | None = None) -> None:
    """The operator sends it, with another record where one is given."""
    if record is not None:
        found = replace(
            found,
            attribution_digest=digest_of(world.ctx.documents.put(record)),
            credits=tuple((entry["artist"], int(entry["amount"])) for entry in record["credits"]),
        )
    call = world.ctx.contracts.market.functions.fulfil(*found.to_chain())
    world.ctx.sender("operator").send(call)


def test_an_honest_delivery_is_right(forgotten: World, sale) -> None:
    order, found, _ = sale
    assert found.credits, "without credits the attacks below would prove nothing"
    deliver(forgotten, found)
    assert findings(forgotten) == []


def test_scores_that_do_not_follow_from_rows_and_query(forgotten: World, sale) -> None:
    """All of the record fits together, from scores to credits; only the product says otherwise."""
    order, found, model = sale
    favourite = min(found.record["scores"], key=lambda entry: entry["score"])["artist"]
    record = copy.deepcopy(found.record)
    for entry in record["scores"]:
        entry["score"] = 10**6 if entry["artist"] == favourite else 0
    rules = service.rules_of(forgotten.ctx, order.rules_version)
    record["allocations"] = [{"artist": favourite, "allocation": 10**9}]
    record["credits"] = [{"artist": favourite, "amount": str(10**6 * rules.artists_bps // 10_000)}]
    deliver(forgotten, found, record)
    assert_found(forgotten, "scores follow from index and query", "allocations follow from the scores")


def test_an_index_of_the_operators_own(forgotten: World, sale, tmp_path) -> None:
    """Turned so that one artist gets what another earned; scores, allocations and credits follow from it."""
    order, found, model = sale
    turned = replace(model.index, rows=model.index.rows[::-1].copy())
    turned.save(tmp_path / "index.npz")
    record = {**found.record, "index_cid": forgotten.ctx.ipfs.add((tmp_path / "index.npz").read_bytes())}
    rules = service.rules_of(forgotten.ctx, order.rules_version)
    deliver(forgotten, found, with_credits(record, turned.artists, turned.rows, rules, turned.centre))
    assert_found(forgotten, "index, threshold and quality are those of the round's report")


def test_credits_by_other_rules_than_the_buyer_signed(forgotten: World, sale) -> None:
    order, found, _ = sale
    rules = service.rules_of(forgotten.ctx, order.rules_version)
    model_rules = replace(rules, artists_bps=rules.artists_bps - 1_000)
    less = tuple((a, amount * model_rules.artists_bps // rules.artists_bps) for a, amount in found.credits)
    deliver(forgotten, replace(found, credits=less))
    assert_found(forgotten, "the artists were credited what the record gives")


def test_credits_kept_from_the_artists(forgotten: World, sale) -> None:
    order, found, _ = sale
    deliver(forgotten, replace(found, credits=()))
    assert_found(forgotten, "the artists were credited what the record gives")


def test_an_output_that_is_not_what_the_hash_says(forgotten: World, sale) -> None:
    order, found, _ = sale
    other = forgotten.ctx.ipfs.add(b"another picture")
    deliver(forgotten, replace(found, output_digest=digest_of(other)))
    assert_found(forgotten, "the output on IPFS hashes to what was delivered", "its output")


def test_an_output_that_nobody_has(forgotten: World, sale) -> None:
    order, found, _ = sale
    deliver(forgotten, replace(found, output_digest="0x" + "5a" * 32))
    assert_found(forgotten, "can be recomputed: NotOnIpfs")


def test_a_record_that_nobody_has(forgotten: World, sale) -> None:
    order, found, _ = sale
    deliver(forgotten, replace(found, attribution_digest="0x" + "5b" * 32))
    assert_found(forgotten, "can be recomputed: NotOnIpfs")


SHOWN = {
    "credits that were not paid": (
        lambda record, other: record["credits"][0].update(amount="1"),
        "the credits that the receipt shows",
    ),
    "another artist's works": (
        lambda record, other: record["nearest"][0]["works"][0].update(content_hash=other),
        "the works that the receipt shows",
    ),
    "no works": (lambda record, other: record["nearest"].clear(), "the works that the receipt shows"),
    "a work that nobody registered as the nearest of all": (
        lambda record, other: record["memorisation"][0].update(content_hash="0x" + "77" * 32),
        "the works that the receipt shows",
    ),
    "no comparison with the works": (
        lambda record, other: record["memorisation"].clear(),
        "the works that the receipt shows",
    ),
    "hashes of other pictures": (
        lambda record, other: record["output"]["files"][0].update(sha256="0x" + "11" * 32),
        "the output on IPFS hashes",
    ),
    "a price that was not paid": (lambda record, other: record.update(price="2"), "names the price"),
    "seeds of other pictures": (lambda record, other: record.update(seeds=["1"]), "seeds follow"),
}


@pytest.mark.parametrize("what", SHOWN)
def test_a_receipt_that_shows(forgotten: World, sale, what: str) -> None:
    """The money is right; what people are shown is not."""
    order, found, model = sale
    edit, expected = SHOWN[what]
    record = copy.deepcopy(found.record)
    first = record["nearest"][0]["artist"]
    other = next(work.content_hash for work in model.dataset.works if work.artist != first)
    edit(record, other)
    digest = digest_of(forgotten.ctx.documents.put(record))
    deliver(forgotten, replace(found, attribution_digest=digest))
    assert_found(forgotten, expected)


def test_a_model_version_that_no_round_stands_for(forgotten: World, sale) -> None:
    _, found, _ = sale
    account = forgotten.buyer(42)
    order = replace(forgotten.quote(account, PROMPT), model_digest="0x" + "99" * 32)
    order_id = service.request_by_authorization(forgotten.ctx, account, order, PROMPT)
    seeds = [str(fulfilment.seed_of(order_id, 0))]
    record = {**found.record, "order_id": order_id, "seeds": seeds}
    deliver(forgotten, replace(found, order_id=order_id), record)
    assert_found(forgotten, "a round that was final, with the model version ordered", "its model version")


def test_a_query_of_another_size_is_a_finding_and_no_crash(forgotten: World, sale) -> None:
    order, found, model = sale
    record = {**found.record, "query": encoded(model.index.rows[0][:-1])}
    deliver(forgotten, found, record)
    assert_found(forgotten, "can be recomputed: AttributionRefused")


# ---- the proposer ------------------------------------------------------------------------------------------


def next_report(world: World, edit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The first round's report for the next round, changed."""
    report = copy.deepcopy(rounds.read_report(world.ctx, rounds.round_of(world.ctx, 1).report_cid))
    edit(report)
    return rooted(report, world.ctx.contracts.rounds.functions.nextRoundId().call())


def test_leaves_that_are_not_those_of_the_report(forgotten: World) -> None:
    """The root on the chain is of a tree that nobody was shown; its one leaf is claimed."""
    ctx = forgotten.ctx
    report = next_report(forgotten, lambda report: None)
    thief = forgotten.buyer(43).address
    hidden = StandardTree(report["round_id"], [Leaf(thief, 10**18)])
    proposal = list(rounds.proposal_of(report, ctx.documents.put(report)))
    proposal[3] = hidden.root
    sender, contract = ctx.sender("proposer"), ctx.contracts.rounds.functions
    approve_bond(ctx, sender, ctx.contracts.rounds.address, 10**8)
    sender.send(contract.propose(report["round_id"], tuple(proposal)))
    rounds.finalise(ctx, report["round_id"], advance_time=True)
    ctx.sender("relayer").send(contract.claim(report["round_id"], 0, thief, 10**18, hidden.proof(0)))
    assert_found(forgotten, "leaves' Merkle roots are the proposed ones", f"{thief} got {10**18} from round")


def test_a_dataset_with_a_work_whose_consent_was_withdrawn(forgotten: World) -> None:
    """The dataset says that it was read after the withdrawal and holds the work all the same."""
    ctx = forgotten.ctx
    ada = forgotten.artist("Ada")
    ctx.client.fund(ada.address)

    def renewed(report: dict[str, Any]) -> None:
        document = ctx.documents.get(report["dataset"]["cid"], "meltingpot/dataset@1")
        work = next(work for work in document["works"] if work["artist"] == ada.address)
        ctx.sender(ada).send(
            ctx.contracts.registry.functions.setConsent([bytes.fromhex(work["content_hash"][2:])], 0)
        )
        header = ctx.client.block()
        document |= {"block_number": int(header["number"], 16), "block_hash": header["hash"]}
        report["dataset"]["cid"] = ctx.documents.put(document)

    rounds.propose(ctx, ctx.documents.put(next_report(forgotten, renewed)))
    assert_found(forgotten, "is in the dataset without consent")


def test_a_dataset_from_a_block_that_does_not_exist(forgotten: World) -> None:
    ctx = forgotten.ctx

    def later(report: dict[str, Any]) -> None:
        document = ctx.documents.get(report["dataset"]["cid"], "meltingpot/dataset@1")
        report["dataset"]["cid"] = ctx.documents.put({**document, "block_number": 2**70})

    rounds.propose(ctx, ctx.documents.put(next_report(forgotten, later)))
    assert_found(forgotten, "this chain and registry before the proposal")


# ---- contracts that are not what they seem -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("market", "The market holds what it escrows and owes"),
        ("prepaid", "The prepaid sales hold every balance"),
        ("rounds", "The rounds hold every bond"),
    ],
)
def test_one_unit_taken_from(forgotten: World, role: str, expected: str) -> None:
    if role == "market":
        account = forgotten.buyer(42)
        service.request_by_authorization(forgotten.ctx, account, forgotten.quote(account, PROMPT), PROMPT)
    if role == "rounds":
        report = next_report(forgotten, lambda report: None)
        rounds.propose(forgotten.ctx, forgotten.ctx.documents.put(report))
    token = forgotten.ctx.contracts.token.functions
    impersonate(forgotten, role, token.transfer(forgotten.buyer(44).address, 1))
    found = findings(forgotten)
    assert len(found) == 1 and expected in found[0], found


@pytest.mark.parametrize("name", ["GenerationMarket", "Charter"])
def test_a_contract_of_other_code(forgotten: World, name: str) -> None:
    """One byte of it; all views still answer as before."""
    client, address = forgotten.ctx.client, forgotten.ctx.contracts.addresses[name]
    code = client.rpc("eth_getCode", address, "latest")
    client.rpc("anvil_setCode", address, code[:-2] + f"{int(code[-2:], 16) ^ 1:02x}")
    found = findings(forgotten)
    assert len(found) == 1 and f"{name} at {address} has other code" in found[0], found


def test_source_that_is_not_compiled_is_said(sold: World, tmp_path) -> None:
    stranger = Stranger(sold)
    stranger.contracts.code_dir = tmp_path
    found = failed(verify.verify(stranger, quick=True))
    assert len(found) == 1 and "make compile" in found[0], found


def test_stake_minted_without_a_claim(forgotten: World) -> None:
    thief = forgotten.buyer(44).address
    impersonate(forgotten, "rounds", forgotten.ctx.contracts.stake.functions.mint(thief, 1))
    assert_found(forgotten, "Stake was minted by claims and nothing else")


def test_rules_that_nobody_voted(forgotten: World) -> None:
    contracts = forgotten.ctx.contracts
    rules = list(contracts.rules.functions.current().call())
    rules[0], rules[1] = rules[0] - 500, rules[1] + 500
    impersonate(forgotten, "timelock", contracts.rules.functions.adopt(tuple(rules)))
    assert_found(forgotten, "Every later version of the rules was voted")


def test_a_resolution_that_nobody_voted_cannot_be_recorded(forgotten: World) -> None:
    """Not even by the timelock itself: the charter asks the governor for the proposal."""
    contracts = forgotten.ctx.contracts
    adopt = contracts.charter.functions.adopt(b"\x01" * 32, b"\x02" * 32)
    with pytest.raises(ContractReverted, match="There is no proposal"):
        adopt.call({"from": contracts.timelock.address})


def test_an_administrator_beside_the_timelock(forgotten: World) -> None:
    thief = forgotten.buyer(44).address
    for role in ("market", "rounds", "disputes"):
        grant = getattr(forgotten.ctx.contracts, role).functions.grantRole(b"\x00" * 32, thief)
        impersonate(forgotten, "timelock", grant)
    assert_found(forgotten, "The timelock alone administers")


def test_a_resolver_that_the_holders_named_is_no_finding(forgotten: World) -> None:
    disputes = forgotten.ctx.contracts.disputes
    named, role = forgotten.buyer(44).address, disputes.functions.RESOLVER_ROLE().call()
    impersonate(forgotten, "timelock", disputes.functions.grantRole(role, named))
    found = Findings()
    facts = read_facts(forgotten.ctx)
    check_wiring(facts, found)
    assert [check for check in found.checks if not check.ok] == []
    # The same grant by anybody else, as a constructor could make it.
    facts.events = [
        replace(event, args=event.args | {"sender": named}) if event.args.get("account") == named else event
        for event in facts.events
    ]
    check_wiring(facts, found)
    assert [check.detail for check in found.checks if not check.ok] != []


def test_a_description_that_is_no_text_stops_nobody(forgotten: World) -> None:
    """Whoever may propose chooses the bytes; the stranger reads on."""
    ctx = forgotten.ctx
    holder = forgotten.artist("Chidi")
    ctx.client.fund(holder.address)
    governor = ctx.contracts.governor
    selector = keccak(text="propose(address[],uint256[],bytes[],string)")[:4]
    data = encode(
        ["address[]", "uint256[]", "bytes[]", "bytes"], [[holder.address], [0], [b""], b"\xff\x00\xfe"]
    )
    transaction = {
        "to": governor.address,
        "data": "0x" + (selector + data).hex(),
        "gas": 1_000_000,
        "maxFeePerGas": GWEI,
        "maxPriorityFeePerGas": 0,
        "nonce": ctx.client.w3.eth.get_transaction_count(holder.address),
        "chainId": ctx.client.chain_id,
        "value": 0,
    }
    signed = holder.sign_transaction(transaction).raw_transaction
    receipt = ctx.client.w3.eth.wait_for_transaction_receipt(ctx.client.w3.eth.send_raw_transaction(signed))
    assert receipt["status"] == 1
    assert findings(forgotten) == []


# ---- a node that leaves logs out ---------------------------------------------------------------------------

LEFT_OUT = [
    ("market", "OrderRequested"),
    ("market", "OrderFulfilled"),
    ("market", "OrderRefunded"),
    ("market", "ArtistCredited"),
    ("market", "ArtistTipped"),
    ("market", "SharesContributed"),
    ("market", "OwedClaimed"),
    ("prepaid", "Deposited"),
    ("prepaid", "Charged"),
    ("prepaid", "Settled"),
    ("prepaid", "CreditsClaimed"),
    ("generation_token", "GenerationMinted"),
    ("generation_token", "Transfer"),
    ("market", "PayeesChanged"),
    ("pool", "RevenueDeposited"),
    ("pool", "RevenueClaimed"),
    ("stake", "Transfer"),
    ("rounds", "RoundProposed"),
    ("rounds", "RoundFinalised"),
    ("rounds", "StakeClaimed"),
    ("registry", "WorkRegistered"),
    ("rules", "RulesAdopted"),
]


@pytest.mark.parametrize(("role", "event"), LEFT_OUT)
def test_a_log_that_is_left_out(
    sold: World, monkeypatch: pytest.MonkeyPatch, role: str, event: str
) -> None:
    """The last log of one kind is missing from what the node answers. (Roles have no view to hold their
    events against: a node that hides a grant is believed.)
    """
    contract = getattr(sold.ctx.contracts, role)
    topic = "0x" + keccak(text=contract.events[event]().signature).hex().removeprefix("0x")
    real = ChainClient.rpc

    def forgetful(self: ChainClient, method: str, *params: Any) -> Any:
        result = real(self, method, *params)
        if method == "eth_getLogs":
            here = [
                entry
                for entry in result
                if entry["topics"][0] == topic and entry["address"].lower() == contract.address.lower()
            ]
            if here:
                result.remove(here[-1])
        return result

    monkeypatch.setattr(ChainClient, "rpc", forgetful)
    assert findings(sold) != []
