"""Every setting of the service, read in one place: environment variables `MELTINGPOT_…` or a `.env` file.

Relative paths are relative to the folder that the command runs in, but what the project's own build writes
(deployment files, ABIs) is found beside the code by default, so the commands work from any folder.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.errors import ConfigurationError

PROJECT_DIR = Path(__file__).resolve().parent.parent
# Known to everybody: anvil's and hardhat's default. Keys made from it are worth nothing outside development.
DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk"


class Settings(BaseSettings):
    """Typed settings; times in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(
        env_prefix="MELTINGPOT_", env_file=(".meltingpot/local.env", ".env"), extra="ignore", env_ignore_empty=True
    )

    environment: Literal["development", "production"] = "development"
    log_level: str = "INFO"
    data_dir: Path = Path(".meltingpot")
    device: str = Field("auto", description="that trains, draws and attributes: auto (GPU, else CPU), cpu, cuda:N")

    # chain
    chain_rpc_url: str = "http://127.0.0.1:8545"
    chain_rpc_timeout_s: float = Field(30.0, gt=0)
    chain_poll_latency_s: float = Field(0.02, gt=0, description="between two looks for a receipt")
    deployment: Path | None = Field(None, description="None: deployments/<chainId>.json")
    deployments_dir: Path = PROJECT_DIR / "deployments"
    abi_dir: Path = PROJECT_DIR / "build" / "abis"
    confirmations: int = Field(
        1, ge=1, description="blocks from a transaction's own block on, itself included"
    )
    transaction_timeout_s: float = Field(120.0, gt=0)
    indexer_poll_s: float = Field(0.25, gt=0)
    indexer_max_rewind: int = Field(64, ge=1, description="blocks that a reorganisation may take back")
    indexer_span: int = Field(2_000, ge=1, description="blocks of the first getLogs range; adapts by itself")

    # database; None: SQLite in data_dir
    database_url: str = ""

    # IPFS
    ipfs_api: str = "/ip4/127.0.0.1/tcp/5001"
    ipfs_gateway_url: str = "http://127.0.0.1:8080"
    ipfs_timeout_s: float = Field(60.0, gt=0)

    # API
    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=0, le=65_535)
    api_cors_origins: list[str] = []
    max_upload_bytes: int = Field(20_000_000, gt=0)
    max_pixels: int = Field(40_000_000, gt=0)

    # wallets: development wallets come from one mnemonic, others from keystore files (Ethereum JSON, version
    # 3)
    mnemonic: str | None = Field(None, repr=False)
    operator_keystore: Path | None = None
    relayer_keystore: Path | None = None
    proposer_keystore: Path | None = None
    resolver_keystore: Path | None = None
    keystore_password: SecretStr | None = None
    keystore_password_file: Path | None = None

    # manifests of generated pictures; None in development: throw-away certificates in data_dir
    provenance_certificates: Path | None = None
    provenance_key: Path | None = None

    # worker
    worker_poll_s: float = Field(0.5, gt=0)
    worker_lease_s: float = Field(120.0, gt=0)
    worker_heartbeat_s: float = Field(10.0, gt=0)
    worker_max_attempts: int = Field(3, ge=1)
    worker_deadline_margin_s: int = Field(
        300, ge=0, description="no fulfilment is begun later than this before the deadline"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'meltingpot.db'}"
        if self.environment == "development":
            self.mnemonic = self.mnemonic or DEVELOPMENT_MNEMONIC
        elif self.mnemonic is not None:
            raise ValueError(
                "MELTINGPOT_MNEMONIC makes development wallets and must be unset in production: "
                "use the keystore settings"
            )
        return self

    def deployment_file(self, chain_id: int) -> Path:
        """The deployment file in force: the setting, else `deployments/<chainId>.json`."""
        return self.deployment or self.deployments_dir / f"{chain_id}.json"


def make_settings(**values: object) -> Settings:
    """Settings from the environment, overridden by `values`. Raises ConfigurationError that names each bad
    setting."""
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()
        )
        raise ConfigurationError(f"The settings cannot be used: {problems}.") from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return make_settings()
