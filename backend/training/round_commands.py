"""`meltingpot round`: propose, challenge, decide, finalise; claim the stake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from backend.context import Context
from backend.errors import InputRefused

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ROUND_ID = click.IntRange(1, 2**63 - 1)
CHALLENGE_ID = click.IntRange(1, 2**32 - 1)


@click.group("round")
def round_group() -> None:
    """Propose, challenge, finalise a round; claim its stake.

    A challenge is decided by the holders (`meltingpot vote propose-resolve`), before there is any stake by
    the bootstrap resolver (`resolve`), or lapses.

    \b
    Examples:
      meltingpot round propose bafybei…
      meltingpot round finalise 1 --advance-time
      meltingpot round claim 1
    """


@round_group.command()
@click.argument("report_cid", required=False)
@click.option(
    "--advance-time", is_flag=True, help="Development chains: move the clock past the mint interval."
)
@json_option
@click.pass_obj
def propose(ctx: Context, report_cid: str | None, advance_time: bool, as_json: bool) -> None:
    """Propose the round of REPORT_CID (default: the last report measured here); wallet `proposer` pays the
    bond.

    \b
    Example:
      meltingpot round propose bafybei…
    """
    from backend.training import rounds, service

    round_id = rounds.propose(ctx, report_cid or service.report_cid_of(ctx), advance_time)
    show(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.option("--account", required=True, help="Address whose leaf is wrong.")
@click.option(
    "--evidence", required=True, help="What is wrong with it, or the path of a JSON file that says so."
)
@click.option("--wallet", default="challenger", show_default=True, help="Wallet that pays the bond.")
@json_option
@click.pass_obj
def challenge(ctx: Context, round_id: int, account: str, evidence: str, wallet: str, as_json: bool) -> None:
    """Challenge one account's allocation in ROUND_ID with a bond; the round waits until it is decided.

    \b
    Example:
      meltingpot round challenge 1 --account 0x12… --evidence "works of another artist were counted"
    """
    from backend.training import challenges

    number, cid = challenges.challenge(ctx, round_id, _address(account), _evidence(evidence), wallet)
    show({**challenges.challenge_of(ctx, round_id, number).to_json(), "evidence_cid": cid}, as_json)


@round_group.command("challenges")
@click.argument("round_id", type=ROUND_ID)
@json_option
@click.pass_obj
def list_challenges(ctx: Context, round_id: int, as_json: bool) -> None:
    """List the challenges of ROUND_ID with their state.

    \b
    Example:
      meltingpot round challenges 1
    """
    from backend.training.challenges import challenges_of

    found = [entry.to_json() for entry in challenges_of(ctx, round_id)]
    if as_json:
        click.echo(json.dumps({"challenges": found}))
        return
    for entry in found:
        click.echo(
            f"{entry['challenge_id']:>4}  {entry['state']:<8} by {entry['challenger']}, to be decided until "
            f"{entry['answer_by']} in the chain's time"
        )
    if not found:
        click.echo("no challenges")


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.argument("challenge_id", type=CHALLENGE_ID)
@click.argument("decision", type=click.Choice(["upheld", "refused"]))
@json_option
@click.pass_obj
def resolve(ctx: Context, round_id: int, challenge_id: int, decision: str, as_json: bool) -> None:
    """Decide CHALLENGE_ID of ROUND_ID as wallet `resolver`: before there is any stake. Afterwards the holders
    vote: `meltingpot vote propose-resolve`.

    \b
    Example:
      meltingpot round resolve 1 1 refused
    """
    from backend.training import challenges, rounds

    challenges.resolve(ctx, round_id, challenge_id, decision == "upheld")
    show(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.argument("challenge_id", type=CHALLENGE_ID)
@json_option
@click.pass_obj
def close(ctx: Context, round_id: int, challenge_id: int, as_json: bool) -> None:
    """Give back the bond of CHALLENGE_ID, left open when ROUND_ID was rejected for another one. Anybody may.

    \b
    Example:
      meltingpot round close 1 2
    """
    from backend.training import challenges, rounds

    challenges.close(ctx, round_id, challenge_id)
    show(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.option(
    "--advance-time", is_flag=True, help="Development chains: move the clock past the challenge window."
)
@json_option
@click.pass_obj
def finalise(ctx: Context, round_id: int, advance_time: bool, as_json: bool) -> None:
    """Open the stake claims of ROUND_ID after its challenge window; the proposer gets the bond back.
    Anybody may.

    \b
    Example:
      meltingpot round finalise 1
    """
    from backend.training import rounds

    rounds.finalise(ctx, round_id, advance_time)
    show(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.argument("challenge_id", type=CHALLENGE_ID)
@click.option(
    "--advance-time", is_flag=True, help="Development chains: move the clock past the resolver's time."
)
@json_option
@click.pass_obj
def lapse(ctx: Context, round_id: int, challenge_id: int, advance_time: bool, as_json: bool) -> None:
    """End CHALLENGE_ID of ROUND_ID when nobody decided it in time: the round is rejected, both bonds go back
    to those who paid them. Anybody may.

    \b
    Example:
      meltingpot round lapse 1 1
    """
    from backend.training import challenges, rounds

    challenges.lapse(ctx, round_id, challenge_id, advance_time)
    show(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@json_option
@click.pass_obj
def claim(ctx: Context, round_id: int, as_json: bool) -> None:
    """Mint the stake of every account of ROUND_ID with Merkle proofs; wallet `relayer` pays the gas.

    \b
    Example:
      meltingpot round claim 1
    """
    from backend.progress import bars
    from backend.training import rounds

    with bars(as_json) as progress:
        leaves = rounds.claim_all(ctx, round_id, progress)
    show(
        {"round_id": round_id, "claimed": len(leaves), "minted": str(sum(leaf.amount for leaf in leaves))},
        as_json,
    )


@round_group.command("claim-bond")
@click.argument("account")
@json_option
@click.pass_obj
def claim_bond(ctx: Context, account: str, as_json: bool) -> None:
    """Pay ACCOUNT (an address or a wallet's name) the bonds that rounds owe it, as after a vote. Anybody may.

    \b
    Example:
      meltingpot round claim-bond challenger
    """
    from eth_utils import is_address, to_checksum_address

    from backend.chain import bonds

    address = to_checksum_address(account) if is_address(account) else ctx.wallets.address(account)
    amount = bonds.claim_bond(ctx, ctx.contracts.rounds, address)
    show({"account": address, "amount": str(amount)}, as_json)


@round_group.command("list")
@json_option
@click.pass_obj
def list_rounds(ctx: Context, as_json: bool) -> None:
    """List all rounds with their state.

    \b
    Example:
      meltingpot round list --json
    """
    from backend.training import rounds

    count = ctx.contracts.rounds.functions.nextRoundId().call() - 1
    found = [rounds.round_of(ctx, round_id).to_json() for round_id in range(1, count + 1)]
    if as_json:
        click.echo(json.dumps({"rounds": found}))
        return
    for entry in found:
        click.echo(f"{entry['round_id']:>4}  {entry['state']:<11} report {entry['report_cid']}")
    if not found:
        click.echo("no rounds")


def _address(text: str) -> str:
    from eth_utils import is_address

    if not is_address(text):
        raise InputRefused(
            f"{text!r} is no address.",
            "Give 0x and 40 hex digits: the report names the accounts of its leaves.",
        )
    return text


def _evidence(text: str) -> dict[str, Any]:
    """A statement, or what the JSON file of that name holds."""
    path = Path(text)
    if path.suffix != ".json":
        return {"statement": text}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(
            f"{text} cannot be read as JSON: {error}.", "Give a JSON file or a sentence."
        ) from error
    if not isinstance(document, dict):
        raise InputRefused(
            f"{text} holds no JSON object.", 'Write one such as {"statement": "…", "works": ["0x…"]}.'
        )
    return document


def show(found: dict[str, Any], as_json: bool) -> None:
    """Print a flat answer for people, or as JSON."""
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:<20}{value}")
