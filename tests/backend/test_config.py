"""Settings: where they come from, what is refused, and that .env.example tells of each."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from backend.config import DEVELOPMENT_MNEMONIC, PROJECT_DIR, Settings, make_settings
from backend.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("MELTINGPOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # no .env there


def test_defaults_are_for_development() -> None:
    settings = make_settings()
    assert settings.mnemonic == DEVELOPMENT_MNEMONIC
    assert settings.database_url == "sqlite:///.meltingpot/meltingpot.db"
    assert settings.deployment_file(31337) == PROJECT_DIR / "deployments" / "31337.json"


def test_environment_and_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MELTINGPOT_API_PORT=9000\nMELTINGPOT_DEPLOYMENT=here.json\nOTHER=1\n")
    monkeypatch.setenv("MELTINGPOT_API_PORT", "9001")
    monkeypatch.setenv("MELTINGPOT_OPERATOR_KEYSTORE", "")  # empty means unset
    settings = make_settings()
    assert (settings.api_port, settings.deployment_file(1), settings.operator_keystore) == (
        9001,
        Path("here.json"),
        None,
    )


def test_data_dir_moves_the_default_database() -> None:
    assert make_settings(data_dir=Path("/data")).database_url == "sqlite:////data/meltingpot.db"


@pytest.mark.parametrize(
    "values, name",
    [
        ({"api_port": 70_000}, "api_port"),
        ({"confirmations": 0}, "confirmations"),
        ({"environment": "test"}, "environment"),
    ],
)
def test_bad_values_are_named(values: dict, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        make_settings(**values)
    assert caught.value.exit_code == 2


def test_production_has_no_mnemonic() -> None:
    assert make_settings(environment="production").mnemonic is None
    with pytest.raises(ConfigurationError, match="keystore"):
        make_settings(environment="production", mnemonic=DEVELOPMENT_MNEMONIC)


def test_secrets_are_not_shown() -> None:
    shown = repr(make_settings(mnemonic="abandon " * 12, keystore_password="hidden"))
    assert "abandon" not in shown and "hidden" not in shown


def test_example_tells_of_every_setting() -> None:
    text = (PROJECT_DIR / ".env.example").read_text()
    told = {name.lower() for name in re.findall(r"^#?MELTINGPOT_(\w+)=", text, re.MULTILINE)}
    assert told == set(Settings.model_fields)


def test_examples_defaults_are_the_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PROJECT_DIR / ".env.example").read_text()
    plain = make_settings()
    for name, value in re.findall(r"^#MELTINGPOT_(\w+)=(.+)$", text, re.MULTILINE):
        field = name.lower()
        if field in ("deployment", "deployments_dir", "abi_dir"):
            continue  # shown as a person in the project's folder would write them
        monkeypatch.setenv(f"MELTINGPOT_{name}", value)
        assert getattr(make_settings(), field) == getattr(plain, field), name
        monkeypatch.delenv(f"MELTINGPOT_{name}")


def test_only_config_reads_the_environment() -> None:
    for path in (PROJECT_DIR / "backend").rglob("*.py"):
        if path.name != "config.py" and "stack" not in path.parts:  # stack sets it, for its child processes
            assert not re.search(r"os\.environ(\[|\.get)|os\.getenv", path.read_text()), path
