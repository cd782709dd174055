"""Configuration from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this installation runs; every field can be set as `MMM_<NAME>` in the environment.

    Attributes:
        var_dir: everything this installation owns: database, keys, logs.
        database_url: such as postgresql://user:password@host/name; None means SQLite at `var_dir/mixwright.sqlite3`.
        session_idle_s: a session ends after this many seconds without a click.
        session_absolute_s: a session ends after this many seconds whatever happens.
        dask_address: scheduler on other machines; None starts local worker processes.
        dask_tls_ca: PEM file of the authority that signed the scheduler's certificate and ours.
        dask_tls_cert: PEM file of our certificate.
        dask_tls_key: PEM file of its private key.
        job_workers: local worker processes; each works on one job at a time.
        sample: first start makes a workspace with sample data and one user per role.
    """

    model_config = SettingsConfigDict(env_prefix="MMM_", frozen=True)

    var_dir: Path = Path("var")
    database_url: str | None = Field(default=None, repr=False)  # may hold a password
    session_idle_s: int = Field(default=30 * 60, ge=60)  # ASVS 7.3.1
    session_absolute_s: int = Field(default=12 * 3600, ge=60)  # ASVS 7.3.2: one working day
    dask_address: str | None = None
    dask_tls_ca: Path | None = None
    dask_tls_cert: Path | None = None
    dask_tls_key: Path | None = None
    job_workers: int = Field(default=1, ge=1)
    sample: bool = True

    @property
    def url(self) -> str:
        """The database URL, the default one resolved."""
        return self.database_url or f"sqlite:///{self.database_path.resolve()}"

    @property
    def worker_environment(self) -> dict[str, str]:
        """What tells a process started elsewhere on this machine about the same installation."""
        told = {"MMM_VAR_DIR": str(self.var_dir.resolve())}
        return told | ({"MMM_DATABASE_URL": self.database_url} if self.database_url else {})

    @property
    def database_path(self) -> Path:
        """Where the default SQLite file lies."""
        return self.var_dir / "mixwright.sqlite3"

    @property
    def master_key_path(self) -> Path:
        """The 32 bytes that wrap every data key."""
        return self.var_dir / "keys" / "master.key"

    @property
    def credentials_path(self) -> Path:
        """Where the one-time passwords of the first start are written."""
        return self.var_dir / "first-run-credentials.txt"
