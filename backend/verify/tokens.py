"""Tokens of generations: each is one delivery's, minted by the order's buyer, with the delivery's own
file."""

from __future__ import annotations

from collections import defaultdict

from eth_abi import encode
from eth_utils import keccak

from backend.chain.abi import ZERO_ADDRESS
from backend.chain.batch import call_many
from backend.verify.checks import Findings
from backend.verify.deliveries import Delivered, deliveries
from backend.verify.facts import Facts


def check_tokens(facts: Facts, findings: Findings) -> None:
    """Every mint against its delivery, every owner against the transfers."""
    of_order: dict[str, list[Delivered]] = defaultdict(list)
    for each in deliveries(facts):
        of_order[each.order_id].append(each)
    minted, problems = {}, []
    for event in facts.of("generation_token", "GenerationMinted"):
        a, found = event.args, of_order[event.args["orderId"]]
        index, place = a["index"], (event.block_number, event.log_index)
        computed = keccak(encode(["bytes32", "uint256"], [bytes.fromhex(a["orderId"][2:]), index]))
        if a["tokenId"] != int.from_bytes(computed, "big"):
            problems.append(f"token {a['tokenId']} is not that of delivery {index} of {a['orderId']}")
        elif index >= len(found) or (found[index].event.block_number, found[index].event.log_index) > place:
            problems.append(f"token {a['tokenId']}: {a['orderId']} had no delivery {index}")
        elif a["buyer"] != found[index].order.buyer:
            problems.append(f"token {a['tokenId']} was minted to {a['buyer']}, who did not buy it")
        else:
            minted[a["tokenId"]] = found[index]
    owners = {}
    for event in facts.of("generation_token", "Transfer"):
        owners[event.args["tokenId"]] = event.args["to"]
        if event.args["from"] == ZERO_ADDRESS and event.args["tokenId"] not in minted:
            problems.append(f"token {event.args['tokenId']} was minted for no delivery")
    problems += _told_otherwise(facts, minted, owners)
    findings.none_of(
        "Every token is one delivery's and its owner's whom the transfers name",
        problems,
        f"{len(minted)} tokens",
    )


def _told_otherwise(facts: Facts, minted: dict[int, Delivered], owners: dict[int, str]) -> list[str]:
    views, tokens = facts.ctx.contracts.generation_token.functions, sorted(minted)
    held = call_many(facts.ctx.client, [views.ownerOf(token) for token in tokens], facts.head)
    sources = call_many(facts.ctx.client, [views.sources(token) for token in tokens], facts.head)
    problems = []
    for token, owner, source in zip(tokens, held, sources, strict=True):
        output = minted[token].output
        digests = (output["outputHash"], output["outputDigest"], output["attributionDigest"])
        if tuple(source) != (minted[token].order_id, *digests):
            problems.append(f"token {token} shows another file or receipt than was delivered")
        if owner != owners.get(token):
            problems.append(f"token {token}: transfers say {owners.get(token)}, ownerOf {owner}")
    return problems
