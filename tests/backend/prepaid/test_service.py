"""Prepaid sales on the real contracts and IPFS: deposit, voucher, settlement, claims, withdrawal.

Branches of a settlement: all fits · a second voucher over the same orders pays the difference only · an
order that was settled before · another signer · orders that were not signed · a receipt too few · the same
receipt twice · credits above the rules' share · the tables behind · the end of a week. Of a withdrawal: none
announced · too early · paid. Of a claim: paid · nothing left · a payee that is refused.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from backend.chain.reconcile import reconcile
from backend.errors import ContractReverted
from backend.prepaid import claims, commands, service, vouchers
from backend.prepaid.errors import BalanceTooSmall, NothingPrepaid, SettlementRefused, VoucherRefused
from backend.prepaid.tables import CreditPeriod, Settlement
from backend.prepaid.vouchers import SignedVoucher
from backend.works.registration import set_payee
from tests.backend.prepaid.sales import CREDITS, delivered, leave_period_end, settle_prepaid, voucher_of
from tests.backend.sales_world import World


@pytest.fixture(autouse=True)
def _within_a_week(world: World) -> None:
    leave_period_end(world)
    world.index()


def receipts_of(world: World, signed: SignedVoucher) -> list[Any]:
    return service.receipts_for(world.ctx, [signed], delivered(world, signed))


def test_a_settlement_pays_artists_and_shares_once(world: World) -> None:
    ctx, ada = world.ctx, world.artist("Ada").address
    shares = ctx.contracts.pool.functions.deposited().call()
    settlement_id = settle_prepaid(world, 51)
    buyer = ctx.wallets.address("buyer:51")
    found = service.balance_of(ctx, buyer)
    assert (found.amount, found.spent, found.available) == (2 * 10**6, 3 * 10**6, 2 * 10**6)
    with ctx.sessions() as session:
        row = session.get(Settlement, settlement_id)
        period = session.get(CreditPeriod, row.period)
    assert (row.sales, row.price, row.attributed) == (3, 3 * 10**6, 3 * sum(CREDITS.values()))
    whole = 3 * 10**6 - row.attributed
    funds = whole - (ctx.contracts.pool.functions.deposited().call() - shares)
    assert funds == 3 * 10**6 * 2_500 // 10_000, "platform, network and learning"
    assert period.attributed - period.claimed >= row.attributed
    before = ctx.contracts.token.functions.balanceOf(ada).call()
    due = service.credits_in(ctx, row.period)[ada]
    due -= ctx.contracts.prepaid.functions.claimedOf(row.period, ada).call()
    paid = [each for each in claims.claim(ctx, [ada]) if each.period == row.period]
    assert [each.amount for each in paid] == [due] and due >= 3 * CREDITS["Ada"]
    assert ctx.contracts.token.functions.balanceOf(ada).call() >= before + due
    world.index()
    assert claims.claim(ctx, [ada]) == []
    with ctx.sessions() as session:
        assert reconcile(session, ctx.client, ctx.contracts) == []


def test_a_cumulative_voucher_pays_what_is_not_settled_yet(world: World) -> None:
    ctx, account = world.ctx, world.buyer(52)
    first = voucher_of(world, 52, ("a red cat",))
    service.settle(ctx, [first], receipts_of(world, first))
    world.index()
    more = world.quote(account, "a moon")
    both = service.sign_voucher(ctx, account, [*first.orders, more], spent_from=0)
    receipts = service.receipts_for(ctx, [both], delivered(world, both)[1:])
    service.settle(ctx, [both], receipts)
    world.index()
    assert service.balance_of(ctx, account.address).spent == 2 * 10**6
    again = service.sign_voucher(ctx, account, [more])
    with pytest.raises(SettlementRefused, match="settled before"):
        service.settle(ctx, [again], receipts_of(world, again))


def test_what_does_not_fit_is_refused_before_any_gas(world: World) -> None:
    ctx = world.ctx
    signed = voucher_of(world, 53)
    receipts = receipts_of(world, signed)
    thief = vouchers.sign(world.buyer(54), signed.voucher, signed.orders, *service._domain(ctx))
    refused: dict[str, tuple[list[SignedVoucher], list[Any], type[Exception]]] = {
        "another signer": ([thief], receipts, VoucherRefused),
        "other orders": ([replace(signed, orders=signed.orders[:2])], receipts, VoucherRefused),
        "a price not signed": (
            [replace(signed, voucher=replace(signed.voucher, spent_to=4 * 10**6))],
            [*receipts, replace(receipts[0], order_id="0x" + "12" * 32)],
            VoucherRefused,
        ),
        "no signature": ([replace(signed, signature="0x12")], receipts, VoucherRefused),
        "no receipt": ([signed], [], SettlementRefused),
        "a receipt too few": ([signed], receipts[:2], SettlementRefused),
        "a receipt twice": ([signed], [receipts[0], receipts[0], receipts[1]], SettlementRefused),
        "the same voucher twice": ([signed, signed], receipts, SettlementRefused),
        "credits above the share": (
            [signed],
            [replace(receipts[0], credits=((world.artist("Ada").address, 400_001),)), *receipts[1:]],
            SettlementRefused,
        ),
    }
    for what, (given, sales, error) in refused.items():
        with pytest.raises(error):
            service.settle(ctx, given, sales)
            pytest.fail(what)
    with pytest.raises(SettlementRefused, match="no order"):
        service.receipts_for(ctx, [signed], [{"order_id": "0x" + "00" * 32}])
    with pytest.raises(SettlementRefused, match="no list"):
        service.receipts_for(ctx, [signed], {"order_id": receipts[0].order_id})
    with pytest.raises(SettlementRefused, match="malformed"):
        service.receipts_for(ctx, [signed], [{"order_id": receipts[0].order_id}])
    service.settle(ctx, [signed], receipts)
    with pytest.raises(SettlementRefused, match="tables lack"):
        service.credits_in(ctx, 1)
    world.index()


def test_an_artist_who_cannot_be_paid_keeps_nobody_waiting(world: World) -> None:
    """Anybody may name a payee that is refused, and others' credits wait in the same period."""
    ctx, ada, bela = world.ctx, world.artist("Ada"), world.artist("Béla")
    settle_prepaid(world, 58)
    set_payee(ctx, ada, ctx.contracts.prepaid.address)
    with pytest.raises(ContractReverted) as error:
        claims.claim(ctx, [ada.address, bela.address])
    assert error.value.name == "PayeeRefused"
    period = ctx.client.now() // (7 * 86_400)
    credits = service.credits_in(ctx, period)
    claimed = ctx.contracts.prepaid.functions.claimedOf
    assert claimed(period, bela.address).call() == credits[bela.address]
    told: list[str] = []
    assert claims.claim(ctx, [ada.address], lambda artist, _: told.append(artist)) == []
    assert told == [ada.address]
    set_payee(ctx, ada, ada.address)
    claims.claim(ctx, [ada.address])
    assert claimed(period, ada.address).call() == credits[ada.address]
    world.index()


def test_nobody_settles_while_a_week_ends(world: World) -> None:
    ctx, week = world.ctx, 7 * 86_400
    signed = voucher_of(world, 55, ("a red cat",))
    ctx.client.advance_time(week - ctx.client.now() % week - 60)
    world.index()
    with pytest.raises(SettlementRefused, match="week of credits ends"):
        service.settle(ctx, [signed], receipts_of(world, signed))
    ctx.client.advance_time(120)


def test_a_withdrawal_takes_its_time_and_is_out_of_reach_for_vouchers(world: World) -> None:
    ctx, account = world.ctx, world.buyer(56)
    service.deposit(ctx, account, 3 * 10**6)
    with pytest.raises(NothingPrepaid, match="no withdrawal"):
        service.withdraw(ctx, account.address)
    service.announce_withdrawal(ctx, account, 2 * 10**6)
    with pytest.raises(NothingPrepaid, match="available in"):
        service.withdraw(ctx, account.address)
    orders = [world.quote(account, "a red cat") for _ in range(2)]
    with pytest.raises(BalanceTooSmall):
        service.sign_voucher(ctx, account, orders)
    before = ctx.contracts.token.functions.balanceOf(account.address).call()
    ctx.client.advance_time(86_401)
    assert service.withdraw(ctx, account.address) == 2 * 10**6
    assert ctx.contracts.token.functions.balanceOf(account.address).call() == before + 2 * 10**6
    world.index()


def test_by_the_commands(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.chain.indexer.wait_until_indexed", lambda *_: world.index())

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands.prepaid, arguments, obj=world.ctx, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    voucher, receipts = tmp_path / "voucher.json", tmp_path / "receipts.json"
    assert "has prepaid 2.500000" in run("deposit", "2.5", "--buyer", "buyer:57", "--fund")
    run("voucher", "a red cat", "a moon", "--buyer", "buyer:57", "--out", str(voucher))
    signed = SignedVoucher.from_json(json.loads(voucher.read_text()))
    receipts.write_text(json.dumps(delivered(world, signed)))
    answer = json.loads(run("settle", str(voucher), "--receipts", str(receipts), "--json"))
    assert (answer["sales"], answer["vouchers"]) == (2, 1)
    claimed = json.loads(run("claim", "--artist", "artist:Béla", "--json"))["claimed"]
    assert int(claimed[-1]["amount"]) >= 2 * CREDITS["Béla"]
    assert "can be withdrawn" in run("withdraw", "0.5", "--buyer", "buyer:57")
    world.ctx.client.advance_time(86_401)
    run("withdraw", "--buyer", "buyer:57")
    assert json.loads(run("balance", "--buyer", "buyer:57", "--json"))["amount"] == "0"
    refused = CliRunner().invoke(commands.prepaid, ["deposit", "0.0000001"], obj=world.ctx)
    assert refused.exit_code == 2 and "no sum of money" in refused.output
