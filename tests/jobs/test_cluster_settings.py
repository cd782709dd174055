"""What is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmm.jobs.cluster import ClusterError, ClusterSettings


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Path]:
    files = {name: tmp_path / f"{name}.pem" for name in ("tls_ca", "tls_cert", "tls_key")}
    for path in files.values():
        path.write_text("PEM")
    return files


def test_local_work_needs_no_settings() -> None:
    ClusterSettings().check()


def test_a_remote_scheduler_with_certificates_and_a_server_database_is_accepted(certificates: dict[str, Path]) -> None:
    ClusterSettings(address="tls://scheduler:8786", database_is_local=False, **certificates).check()


def test_a_remote_scheduler_is_refused_with_sqlite(certificates: dict[str, Path]) -> None:
    with pytest.raises(ClusterError, match="cannot reach a SQLite file; use PostgreSQL"):
        ClusterSettings(address="tls://scheduler:8786", database_is_local=True, **certificates).check()


def test_every_reason_for_refusal_is_told_at_once(tmp_path: Path) -> None:
    settings = ClusterSettings(address="tcp://scheduler:8786", tls_ca=tmp_path / "absent.pem")
    with pytest.raises(ClusterError) as refusal:
        settings.check()
    text = str(refusal.value)
    for reason in ("must begin with tls://", "SQLite", "absent.pem is not a file", "certificate", "private key"):
        assert reason in text


def test_a_cluster_without_workers_is_refused() -> None:
    with pytest.raises(ClusterError, match="at least one worker"):
        ClusterSettings(workers=0).check()
