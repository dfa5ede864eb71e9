"""`report.html`: one page that stands alone, made from `report.json` and the pictures on IPFS."""
from __future__ import annotations

import base64
import io
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from sqlalchemy import select

from backend.demo.collect import SHARES
from backend.demo.flow import Link, flow_picture
from backend.stake.tables import StakeBalance
from backend.storage.cid import cid_of_digest
from backend.works.tables import Work, WorkDocument
from model.images import open_image

if TYPE_CHECKING:
    from backend.context import Context

ARTISTS_IN_FLOW, STAKE_ROWS, SHEET_WORKS, NEAREST_WORKS, CREDITS_SHOWN, STAKE_WORKS = 8, 24, 96, 4, 4, 3


def money(amount: int) -> str:
    """6-decimal settlement token for people: 1234500 → “1.2345 dUSD”."""
    whole, part = divmod(amount, 10**6)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".") + " dUSD"


def _stake(amount: int) -> str:
    return f"{amount / 10**18:,.0f}" if amount >= 10**21 or not amount else f"{amount / 10**18:,.2f}"


def _data_uri(data: bytes, side: int) -> str:
    image = open_image(data)
    image.thumbnail((side, side))
    out = io.BytesIO()
    image.save(out, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


class Pictures:
    """Small inline pictures of works and outputs, fetched from IPFS once each."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        with ctx.sessions() as session:
            self.cids = {work.content_hash: cid_of_digest(work.ipfs_digest) for work in session.scalars(select(Work))}
            documents = {document.content_hash: document for document in session.scalars(select(WorkDocument))}
            self.names = {work.artist: documents[work.content_hash].artist_name
                          for work in session.scalars(select(Work))
                          if work.content_hash in documents and work.described_by == work.artist}
        self.documents = documents
        self.of_cid = lru_cache(maxsize=None)(lambda cid, side: _data_uri(ctx.ipfs.get(cid), side))

    def name(self, address: str) -> str:
        """The artist's name, or the address shortened."""
        return self.names.get(address) or f"{address[:8]}…{address[-4:]}"

    def work(self, content_hash: str, side: int = 72) -> dict[str, str]:
        """Picture, title and artist of a work."""
        document = self.documents.get(content_hash)
        return {"image": self.of_cid(self.cids[content_hash], side), "title": document.title if document else content_hash,
                "artist": document.artist_name if document else ""}


def _order_view(ctx: Context, pictures: Pictures, order: dict[str, Any]) -> dict[str, Any]:
    nearest: dict[str, list[dict[str, Any]]] = {}
    ends: dict[str, str] = {}
    note = ""
    if order["attribution_cid"]:
        record = ctx.documents.get(order["attribution_cid"], "meltingpot/attribution@1")
        nearest = {entry["artist"]: entry["works"] for entry in record["nearest"]}
        allocated = {entry["artist"]: entry for entry in record["allocations"]}
        for credit in order["credits"]:
            if entry := allocated.get(credit["artist"]):
                low, high = (int(credit["amount"]) * entry[end] // entry["allocation"] for end in ("low", "high"))
                ends[credit["artist"]] = f"{money(low)} to {money(high)}"
        if not order["credits"]:
            note = "No artist stands out from chance here: the attributed share went to all holders."
    rest = order["credits"][CREDITS_SHOWN:]
    top = max((int(credit["amount"]) for credit in order["credits"]), default=1)
    split = order["split"] or dict.fromkeys(("attributed", "holders", "learning", "platform", "network"), "0")
    return {
        **order,
        "image": pictures.of_cid(order["output_cid"], 384) if order["output_cid"] else None,
        "price": money(int(order["price"])),
        "note": note,
        "credits": [{"artist": pictures.name(credit["artist"]), "amount": money(int(credit["amount"])), "ends": ends.get(credit["artist"], ""),
                     "percent": round(100 * int(credit["amount"]) / top),
                     "works": [pictures.work(work["content_hash"]) for work in nearest.get(credit["artist"], [])[:NEAREST_WORKS]]}
                    for credit in order["credits"][:CREDITS_SHOWN]],
        "more": f"and {money(sum(int(credit['amount']) for credit in rest))} to {len(rest)} more" if rest else "",
        **{name: money(int(amount)) for name, amount in split.items()},
    }


def _flow(pictures: Pictures, orders: list[dict[str, Any]]) -> str:
    """Orders on the left; artists (the most credited by name), holders and funds on the right."""
    total = Counter()
    for order in orders:
        for credit in order["credits"]:
            total[credit["artist"]] += int(credit["amount"])
    named = {artist for artist, _ in total.most_common(ARTISTS_IN_FLOW)}
    links = []
    for number, order in enumerate(orders, 1):
        source = f"{number}. {order['prompt']}"
        parts: Counter[str] = Counter()
        for credit in order["credits"]:
            parts[pictures.name(credit["artist"]) if credit["artist"] in named else "other artists"] += int(credit["amount"])
        for name, label in (("holders", "all holders"), ("platform", "platform"), ("network", "network"), ("learning", "learning fund")):
            parts[label] += int(order["split"][name]) if order["split"] else 0
        if int(order["refunded"]):
            parts["back to the buyer"] += int(order["refunded"])
        links += [Link(source, target, amount) for target, amount in parts.items()]
    received = Counter()
    for link in links:
        received[link.target] += link.amount
    last = ("other artists", "all holders", "learning fund", "platform", "network", "back to the buyer")
    targets = [name for name, _ in received.most_common() if name not in last] + list(last)
    return flow_picture(sorted(links, key=lambda link: (int(link.source.split(".")[0]), targets.index(link.target))), targets, money)


def _stake_rows(ctx: Context, pictures: Pictures, orders: list[dict[str, Any]], contributions: dict[str, str]) -> list[dict[str, Any]]:
    """The largest holders with some of their works, what they gave and what sales credited to them; the others in one row."""
    with ctx.sessions() as session:
        balances = sorted(((row.balance, row.account) for row in session.scalars(select(StakeBalance)) if row.balance), reverse=True)
        works: dict[str, list[str]] = {}
        for work in session.scalars(select(Work).order_by(Work.content_hash)):
            works.setdefault(work.artist, []).append(work.content_hash)
    credited = Counter()
    for credit in (credit for order in orders for credit in order["credits"]):
        credited[credit["artist"]] += int(credit["amount"])
    trainer = ctx.wallets.account("trainer").address
    rows = []
    for balance, account in balances[:STAKE_ROWS]:
        theirs = works.get(account, [])
        rows.append({
            "name": "learning contributor" if account == trainer else pictures.name(account), "amount": _stake(balance),
            "count": "compute" if account == trainer else f"{len(theirs)} work{'s' if len(theirs) != 1 else ''}",
            "gave": contributions.get(account, ""),
            "works": [pictures.work(content_hash) for content_hash in theirs[:STAKE_WORKS]],
            "percent": round(100 * balance / balances[0][0], 1),
            "credited": f"+ {money(credited[account])}" if credited[account] else ""})
    rest = balances[STAKE_ROWS:]
    if rest:
        rows.append({"name": f"{len(rest)} more", "amount": _stake(sum(balance for balance, _ in rest)), "works": [], "count": "", "gave": "",
                     "percent": 0, "credited": ""})
    return rows


def money_note(amounts: dict[str, str]) -> str:
    """Where all money is, in sentences for people. `amounts`: `money` of report.json."""
    value = {name: int(amount) for name, amount in amounts.items()}
    parts = [("attributed", "to artists"), ("tipped", "to artists as tips"), ("holders", "to holders"), ("platform", "to the platform"), ("learning", "to the learning fund"),
             ("network", "to the network"), ("refunded", "back to buyers"),
             ("escrowed", "waiting in escrow"), ("prepaid", "in prepaid balances"), ("withdrawn", "back from prepaid balances")]
    said = f"{money(value['received'])} came in: " + ", ".join(f"{money(value[name])} {where}" for name, where in parts if value[name])
    if value["carry"]:
        said += f"; {money(value['carry'])} could not be divided evenly among all stake and is carried to the next sale"
    owed = f", {money(value['owed'])} are still owed: anyone can have that paid to its owners, the holders' part as it streams" if value["owed"] else ""
    return f"{said}. Of what artists, holders and funds earned, {money(value['claimed'])} were claimed in this run{owed}."


def quality_note(quality: dict[str, int]) -> str:
    """What `w` is and how it came about, for people. `quality`: of the round's report."""
    if not quality["retrains"]:
        return "With fewer than three artists nothing can be measured by training without some of them, so the artists' share goes to all holders."
    lds, ceiling = quality["lds"] / 10_000, quality["ceiling"] / 10_000
    tried = (f"To see how far attribution can be trusted, small models were trained {quality['retrains']} times without half of the artists: "
             f"its foresight of how much worse each would draw {quality['probes']} test pictures agrees with what happened at {lds:.2f}, where 0 is chance and {ceiling:.2f} "
             "the most that any foresight could reach")
    if not quality["w_bps"]:
        return tried + ". That is not safely more than chance, so all of the artists' share goes to the holders."
    return tried + f", so it directs {quality['w_bps'] / 100:g} % of the artists' share and the rest goes to all holders."


def contributions_of(report: dict[str, Any]) -> dict[str, str]:
    """Artist wallet → contribution with its interval, for people. `report`: of the round."""
    return {entry["artist"]: f"gave {_percent(entry['allocation'])} (95 %: {_percent(entry['low'])} to {_percent(entry['high'])})"
            for entry in report["allocations"]}


def _percent(allocation: int) -> str:
    return f"{int(allocation) / 10**7:.1f} %"


def _vote_view(report: dict[str, Any]) -> dict[str, Any]:
    vote = report["vote"]
    cast = {side: int(vote[f"votes_{side}"]) for side in ("for", "against", "abstain")}
    whole = sum(cast.values()) or 1
    versions = report["rules_versions"]
    lines = [line.rstrip(".") for line in vote["description"].splitlines() if line and not line.startswith("#")]
    words = ". ".join(lines[1:] or lines)  # the first line repeats the numbers of the table
    return {"description": words + ".", "state": vote["state"],
            **{f"votes_{side}": _stake(amount) for side, amount in cast.items()},
            **{f"{side}_percent": round(100 * amount / whole, 1) for side, amount in cast.items()},
            "versions": [rules["version"] for rules in versions],
            "shares": [{"name": name if name != "artists" else "attributed artists, at most",
                        "percents": [f"{rules[f'{name}_bps'] / 100:g}" for rules in versions]} for name in SHARES],
            "note": "An order that was signed before the new rules were in force was divided by the old ones: see the table above."}


def render(ctx: Context, report: dict[str, Any], target: Path) -> None:
    """Writes the page."""
    pictures = Pictures(ctx)
    verify = report["verify"]
    start = report["round"]["started_from"]
    step = max(1, len(pictures.cids) // SHEET_WORKS)
    licences = Counter(document.licence for document in pictures.documents.values())
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = environment.get_template("report.html").render(
        started_from=f"Training continued from {'the last model version' if 'model_cid' in start else 'the shipped checkpoint'} ({start['steps']} steps on {start['works']} of the same works); "
                     "contribution covers all works behind it." if start else "The model was trained from nothing in this run, on these works alone: of few works, and in minutes, it learns colours and layout before things.",
        figures={"works": report["works"], "artists": report["artists"], "trained_works": report["round"]["works"],
                 **{name: money(int(report["money"][name])).removesuffix(" dUSD") for name in ("received", "claimed")}},
        verify={"checks": verify["results"], "failed": verify["failed"], "passed": verify["checks"] - verify["failed"]},
        orders=[_order_view(ctx, pictures, order) for order in report["orders"]],
        quality_note=quality_note(report["round"]["quality"]),
        flow=_flow(pictures, report["orders"]),
        money_note=money_note(report["money"]),
        stake=_stake_rows(ctx, pictures, report["orders"], contributions_of(report["round"])),
        stake_note=f"{_stake(int(report['round']['stake_minted']))} POT were minted from round {report['round']['round_id']} to "
                   f"{report['round']['holders']} holders, in proportion to what each gave the model: how much worse it would draw without them, as training without half of the artists shows, "
                   "with the range that the truth lies in with a probability of 95 %. Beside it: what the sales above credited to them.",
        vote=_vote_view(report),
        sheet=[pictures.work(content_hash, 56) for content_hash in sorted(pictures.cids)[::step]],
        licences="Licences of the works: " + ", ".join(f"{name} ({count})" for name, count in licences.most_common()) + ".",
        anchors=[(name, report["round"][key]) for name, key in (("model version", "model_cid"), ("report", "report_cid"), ("dataset root", "dataset_root"))],
        seconds=report["seconds"].items(), total_s=round(sum(report["seconds"].values())),
    )
    target.write_text(page, encoding="utf-8")
