"""Rules and votes: every version follows from an executed proposal, every tally from the ballots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from eth_abi import decode, encode
from eth_utils import keccak

from backend.chain.abi import abi_type
from backend.governance.rules import CHAIN_NAMES, Rules
from backend.verify.checks import Findings
from backend.verify.facts import Event, Facts

AGAINST, FOR, ABSTAIN = 0, 1, 2


def check_governance(facts: Facts, findings: Findings) -> None:
    """Versions against the contract and the proposals, tallies against ballots and past votes, quorum,
    majority.
    """
    proposals = {event.args["proposalId"]: event for event in facts.of("governor", "ProposalCreated")}
    executed = executions(facts, proposals)
    findings.none_of(
        "The rules' versions are those of the contract",
        _version_problems(facts),
        f"{len(facts.rules)} versions",
    )
    findings.none_of(
        "Every later version of the rules was voted",
        _adoption_problems(facts, proposals, executed),
        f"{max(0, len(facts.rules) - 1)} later versions",
    )
    adopted = list(facts.of("charter", "ResolutionAdopted"))
    findings.none_of(
        "Every resolution in the charter was voted",
        [
            f"resolution {event.args['resolutionId']} was adopted without an executed proposal for it"
            for event in adopted
            if event.args["proposalId"] not in executed
            or proposals[event.args["proposalId"]].args["targets"] != [facts.ctx.contracts.charter.address]
        ],
        f"{len(adopted)} resolutions",
    )
    findings.none_of(
        "Every executed proposal had its majority and quorum, by votes held at its snapshot",
        [problem for proposal_id in executed for problem in _tally_problems(facts, proposals[proposal_id])],
        f"{len(executed)} executed of {len(proposals)} proposals",
    )


def executions(facts: Facts, proposals: Mapping[int, Event]) -> dict[int, Event]:
    """Proposal → an event of the transaction that executed it. Anybody may execute in the timelock what the
    governor queued there, and then the governor tells nothing."""
    of_operation = {_operation_of(facts, event): proposal_id for proposal_id, event in proposals.items()}
    found = {
        of_operation[event.args["id"]]: event
        for event in facts.of("timelock", "CallExecuted")
        if event.args["id"] in of_operation
    }
    return found | {event.args["proposalId"]: event for event in facts.of("governor", "ProposalExecuted")}


def _operation_of(facts: Facts, proposal: Event) -> str:
    """The timelock's id of a proposal's calls: TimelockController.hashOperationBatch, with the salt of
    GovernorTimelockControl."""
    a = proposal.args
    governor = bytes.fromhex(facts.ctx.contracts.governor.address[2:]).ljust(32, b"\0")
    salt = bytes(x ^ y for x, y in zip(governor, keccak(text=a["description"]), strict=True))
    calls = [bytes.fromhex(data[2:]) for data in a["calldatas"]]
    types = ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32")
    return "0x" + keccak(encode(types, (a["targets"], a["values"], calls, bytes(32), salt))).hex()


def _version_problems(facts: Facts) -> list[str]:
    functions = facts.ctx.contracts.rules.functions
    problems = []
    for event in facts.of("rules", "RulesAdopted"):
        version = event.args["version"]
        told = Rules.from_chain(facts.call(functions.rulesOf(version)))
        if (
            told != facts.rules[version]
            or facts.call(functions.effectiveFrom(version)) != event.args["effectiveFrom"]
        ):
            problems.append(f"version {version}: the event and the contract differ")
        if told.shares_sum != 10_000:
            problems.append(f"version {version}: the shares sum to {told.shares_sum}")
    if sorted(facts.rules) != list(range(1, facts.call(functions.latestVersion()) + 1)):
        problems.append(f"the events name the versions {sorted(facts.rules)}")
    return problems


def _adoption_problems(
    facts: Facts, proposals: Mapping[int, Event], executed: Mapping[int, Event]
) -> list[str]:
    """Version 1 comes with the deployment; each later one must be what a proposal that was executed in that
    transaction asked for.
    """
    by_transaction = defaultdict(list)
    for proposal_id, event in executed.items():
        by_transaction[event.tx_hash].append(proposals[proposal_id])
    asked = keccak(text=_adopt_signature(facts))[:4].hex()
    problems = []
    for event in facts.of("rules", "RulesAdopted"):
        if event.args["version"] == 1:
            continue
        wanted = [
            call for proposal in by_transaction[event.tx_hash] for call in _calls(facts, proposal, asked)
        ]
        if facts.rules[event.args["version"]] not in wanted:
            problems.append(
                f"version {event.args['version']} was adopted without an executed proposal for it"
            )
    return problems


def _adopt_signature(facts: Facts) -> str:
    function = facts.ctx.contracts.rules.get_function_by_name("adopt").abi
    return f"adopt({','.join(abi_type(item) for item in function['inputs'])})"


def _calls(facts: Facts, proposal: Event, selector: str) -> list[Rules]:
    """The rules that a proposal asks to adopt."""
    types = "(" + _adopt_signature(facts).removeprefix("adopt((").removesuffix("))") + ")"
    found = []
    for target, data in zip(proposal.args["targets"], proposal.args["calldatas"], strict=True):
        if target == facts.ctx.contracts.rules.address and data[2:10] == selector:
            values = decode([types], bytes.fromhex(data[10:]))[0]
            found.append(Rules.from_chain(dict(zip(CHAIN_NAMES, values, strict=True))))
    return found


def _tally_problems(facts: Facts, proposal: Event) -> list[str]:
    proposal_id, snapshot = proposal.args["proposalId"], proposal.args["voteStart"]
    governor, stake = facts.ctx.contracts.governor.functions, facts.ctx.contracts.stake.functions
    tally: dict[int, int] = defaultdict(int)
    voters: set[str] = set()
    problems = []
    for event in facts.of("governor", "VoteCast", "VoteCastWithParams"):
        if event.args["proposalId"] != proposal_id:
            continue
        voter, weight = event.args["voter"], event.args["weight"]
        held = facts.call(stake.getPastVotes(voter, snapshot))
        if weight != held or voter in voters:
            problems.append(f"{voter} voted with {weight} on {proposal_id}, held {held}, or voted twice")
        voters.add(voter)
        tally[event.args["support"]] += weight
    told = tuple(facts.call(governor.proposalVotes(proposal_id)))
    if told != (tally[AGAINST], tally[FOR], tally[ABSTAIN]):
        problems.append(f"{proposal_id}: ballots sum to {dict(tally)}, the governor says {told}")
    quorum = facts.call(governor.quorum(snapshot))
    if tally[FOR] <= tally[AGAINST] or tally[FOR] + tally[ABSTAIN] < quorum:
        problems.append(
            f"{proposal_id} was executed with {tally[FOR]} for, {tally[AGAINST]} against, quorum {quorum}"
        )
    return problems
