"""Signing as a browser's wallet does, and reading problem details."""

from __future__ import annotations

from eth_account.messages import encode_typed_data
from fastapi.testclient import TestClient


def signature(account, message: dict) -> str:
    return "0x" + bytes(account.sign_message(encode_typed_data(full_message=message)).signature).hex()


def quoted(client: TestClient, account, prompt: str = "a red circle", **options) -> dict:
    answer = client.post("/orders/quote", json={"prompt": prompt, "buyer": account.address, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"]) == (code, status) and body["detail"] and "what_to_do" in body
    return body
