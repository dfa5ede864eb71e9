"""Import and registration on the real chain and IPFS node."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from backend.chain.batch import call_many
from backend.errors import ContractReverted
from backend.storage.cid import digest_of
from backend.works import registration, service
from backend.works.catalogue import WORK_SCHEMA, find_work, remember_missing, works_of
from backend.works.service import AlreadyRegistered, import_manifest, require_new
from backend.works.tables import WorkDocument
from tests.backend.sales_world import World, quiet


def test_good_lines_are_registered_and_their_documents_are_on_ipfs(forgotten: World, manifest) -> None:
    result = import_manifest(manifest(("Ada", "#010101"), ("Zoe", "#020202")), forgotten.ctx, quiet)
    assert (result.accepted, result.already_registered, result.refused, result.artists) == (2, 0, [], 2)
    assert result.cids_verified == 4
    for work in result.works:
        record = registration.records_of(forgotten.ctx, [work["content_hash"]])[work["content_hash"]]
        assert (record.artist, record.consent) == (work["artist"], 1)
        event = forgotten.ctx.contracts.registry.events.WorkRegistered().get_logs(
            from_block=0, argument_filters={"contentHash": bytes.fromhex(work["content_hash"][2:])}
        )[0]["args"]
        from backend.storage.cid import cid_of_digest

        document = forgotten.ctx.documents.get(cid_of_digest(event["metadataDigest"]), WORK_SCHEMA)
        assert document["title"] == work["title"] and document["file"]["sha256"] == work["content_hash"]
        assert digest_of(document["file"]["cid"]) == "0x" + event["ipfsDigest"].hex()


def test_a_second_import_registers_nothing(forgotten: World, manifest) -> None:
    path = manifest(("Ada", "#010101"), ("Ada", "#020202"))
    import_manifest(path, forgotten.ctx, quiet)
    nonce = registration.nonce_of(forgotten.ctx, forgotten.artist("Ada").address)
    again = import_manifest(path, forgotten.ctx, quiet)
    assert (again.accepted, again.already_registered, again.refused) == (0, 2, [])
    assert len(again.works) == 2
    assert registration.nonce_of(forgotten.ctx, forgotten.artist("Ada").address) == nonce


def test_an_import_that_was_killed_goes_on_where_it_was(forgotten: World, manifest, monkeypatch) -> None:
    path = manifest(("Ada", "#010101"), ("Zoe", "#020202"))
    genuine, sent = registration.register_signed, []

    def die_at_the_second(*arguments):
        if sent:
            raise KeyboardInterrupt
        sent.append(genuine(*arguments))

    monkeypatch.setattr(registration, "register_signed", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        import_manifest(path, forgotten.ctx, quiet)
    monkeypatch.undo()
    result = import_manifest(path, forgotten.ctx, quiet)
    assert (result.accepted, result.already_registered, result.refused) == (1, 1, [])
    with forgotten.ctx.sessions() as session:
        assert all(session.get(WorkDocument, work["content_hash"]) for work in result.works)


def test_descriptions_that_an_earlier_import_could_not_keep_are_fetched(forgotten: World) -> None:
    keys = works_of(forgotten.ctx, forgotten.artist("Ada").address)
    with forgotten.ctx.sessions.begin() as session:
        session.execute(delete(WorkDocument).where(WorkDocument.content_hash.in_(keys)))
    remember_missing(forgotten.ctx, [*keys, "0x" + "ab" * 32])
    with forgotten.ctx.sessions() as session:
        assert {session.get(WorkDocument, key).artist_name for key in keys} == {"Ada"}


def test_somebody_elses_work_is_refused_by_the_name_it_has(forgotten: World, manifest) -> None:
    import_manifest(manifest(("Ada", "#010101")), forgotten.ctx, quiet)
    result = import_manifest(manifest(("Zoe", "#010101"), ("Zoe", "#030303")), forgotten.ctx, quiet)
    assert result.accepted == 1
    (refusal,) = result.refused
    assert (refusal["line"], refusal["code"]) == (1, "exact_copy")
    assert forgotten.artist("Ada").address in refusal["message"] and "#010101 by Ada" in refusal["message"]


def test_a_batch_that_the_chain_refuses_is_reported_and_the_rest_goes_on(
    forgotten: World, manifest, monkeypatch
) -> None:
    """Another process registers one of Ada's works between our look at the chain and our transaction."""
    path = manifest(("Ada", "#010101"), ("Ada", "#020202"), ("Zoe", "#030303"))
    import_manifest(manifest(("Ada", "#010101"), name="first.jsonl"), forgotten.ctx, quiet)
    monkeypatch.setattr(service.registration, "records_of", lambda *_: {})
    result = import_manifest(path, forgotten.ctx, quiet)
    assert result.accepted == 1 and {refusal["line"] for refusal in result.refused} == {1, 2}
    assert {refusal["code"] for refusal in result.refused} == {"contract_reverted"}


def test_artists_may_pay_the_gas_themselves(forgotten: World, manifest) -> None:
    before = forgotten.ctx.client.rpc("eth_getTransactionCount", forgotten.artist("Zoe").address, "latest")
    result = import_manifest(
        manifest(("Zoe", "#040404"), ("Ada", "#050505")),
        forgotten.ctx,
        quiet,
        direct=lambda name, count: name == "Zoe" and count == 1,
    )
    after = forgotten.ctx.client.rpc("eth_getTransactionCount", forgotten.artist("Zoe").address, "latest")
    assert result.accepted == 2 and int(after, 16) == int(before, 16) + 1


def test_a_relayer_cannot_change_what_was_signed(forgotten: World, manifest, tmp_path) -> None:
    from backend.works.imports import read_manifest

    ctx, account = forgotten.ctx, forgotten.artist("Ada")
    (line,) = read_manifest(manifest(("Ada", "#060606")))
    prepared = service.add_file(ctx, line, account.address)
    deadline = ctx.client.now() + 100
    message = registration.typed_data(
        ctx, account.address, [prepared], registration.nonce_of(ctx, account.address), deadline
    )
    signature = registration.sign(account, message)
    with pytest.raises(ContractReverted, match="ign"):
        registration.relay(ctx, forgotten.artist("Zoe").address, [prepared], deadline, signature)
    registration.relay(ctx, account.address, [prepared], deadline, signature)
    with pytest.raises(ContractReverted):
        registration.relay(ctx, account.address, [prepared], deadline, signature)


def test_consent_is_withdrawn_and_given_again(forgotten: World, manifest) -> None:
    ctx, account = forgotten.ctx, forgotten.artist("Ada")
    (work,) = import_manifest(manifest(("Ada", "#070707")), ctx, quiet).works
    key = work["content_hash"]
    for consent, direct in ((0, False), (1, True)):
        registration.set_consent(ctx, account, [key], consent, direct)
        assert registration.records_of(ctx, [key])[key].consent == consent
    with pytest.raises(ContractReverted):
        registration.set_consent(ctx, forgotten.artist("Zoe"), [key], 0)


def test_require_new_names_the_first_registration(forgotten: World, manifest, tmp_path) -> None:
    import_manifest(manifest(("Ada", "#080808")), forgotten.ctx, quiet)
    file = service.prepare(forgotten.ctx, tmp_path / "0-080808.png")
    with pytest.raises(AlreadyRegistered, match="#080808 by Ada"):
        require_new(forgotten.ctx, file.sha256)


def test_many_views_come_back_in_order(forgotten: World) -> None:
    registry = forgotten.ctx.contracts.registry.functions
    addresses = [forgotten.ctx.wallets.account(f"buyer:{n}").address for n in range(250)] + [
        forgotten.artist("Ada").address
    ]
    answers = call_many(forgotten.ctx.client, [registry.nonces(address) for address in addresses])
    assert answers[:250] == [0] * 250 and answers[250] >= 1


def test_a_registered_work_is_found_with_its_description(forgotten: World) -> None:
    key = works_of(forgotten.ctx, forgotten.artist("Ada").address)[0]
    assert find_work(forgotten.ctx, key)["artist_name"] == "Ada"
