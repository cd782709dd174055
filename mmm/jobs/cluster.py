"""Connection to the processes that do the work: our own on this machine, or a scheduler elsewhere; always TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from mmm.errors import MMMError
from mmm.threads import ONE_THREAD

START_TIMEOUT_S = 30.0
RESTART_TIMEOUT_S = 30.0


DASK_CONFIG: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": 0,  # a killed worker's job must not run a second time by itself
    "distributed.scheduler.http.routes": [],  # these pages answer anybody, TLS or not
    "distributed.worker.http.routes": [],
    # A killed worker comes back by itself; the cluster would give it up after 15 s, and a busy machine takes longer.
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
    "distributed.worker.memory.target": False,  # nothing is spilt to disk in the clear
    "distributed.worker.memory.spill": False,
}


class ClusterError(MMMError):
    """The processes for long work cannot be started or reached with these settings."""


@dataclass(frozen=True)
class ClusterSettings:
    """Where long work runs.

    Attributes:
        workers: local worker processes; each works on one job at a time.
        address: a scheduler on other machines (`tls://host:port`), or None for local processes. It must run with
            `distributed.scheduler.allowed-failures: 0` and empty `http.routes`; its workers need this package,
            the same settings and nannies.
        tls_ca: PEM file of the authority that signed the scheduler's and our certificate.
        tls_cert: PEM file of our certificate.
        tls_key: PEM file of its private key.
        database_is_local: the database is a file of this machine, which workers elsewhere cannot reach.
        environment: variables the local workers get beside ours, such as where the settings are.
    """

    workers: int = 1
    address: str | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    database_is_local: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse settings that cannot work or would not be safe, all reasons at once.

        Raises:
            ClusterError: the reasons, and what to set instead.
        """
        problems = list(self._problems())
        if problems:
            raise ClusterError("Long work cannot start: " + "; ".join(problems) + ".")

    def _problems(self) -> Iterator[str]:
        if self.address is None:
            if self.workers < 1:
                yield f"it needs at least one worker process, the settings say {self.workers}"
            return
        if not self.address.startswith("tls://"):
            yield f"the scheduler's address “{self.address}” must begin with tls://, or anybody could give it work"
        if self.database_is_local:
            yield (
                "workers on other machines cannot reach a SQLite file; use PostgreSQL, "
                "or leave MMM_DASK_ADDRESS empty to work on this machine"
            )
        named = (("authority", self.tls_ca), ("certificate", self.tls_cert), ("private key", self.tls_key))
        for name, path in named:
            if path is None:
                yield f"the TLS {name} for the scheduler is not set (MMM_DASK_TLS_CA, …_CERT, …_KEY)"
            elif not path.is_file():
                yield f"the TLS {name} {path} is not a file"


class Attempt:
    """One call running somewhere on the cluster."""

    def __init__(self, future: Any) -> None:  # noqa: ANN401 - distributed's futures are untyped
        self._future = future

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return bool(self._future.done())

    @property
    def lost(self) -> bool:
        """Whether it ended because its process, or the cluster, went away."""
        from distributed import KilledWorker

        return self._future.status in {"lost", "cancelled"} or isinstance(self.error, KilledWorker)

    @property
    def error(self) -> BaseException | None:
        """What the call raised, if that is how it ended."""
        return cast(BaseException, self._future.exception()) if self._future.status == "error" else None

    def cancel(self) -> None:
        """Forget the call; one that is running goes on unless its worker is restarted."""
        self._future.cancel()


class Cluster:
    """A connected cluster: how much it can do at a time, a call handed to it, a worker restarted."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - distributed's client is untyped
        self._client = client

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return str(self._client.scheduler.address)

    @property
    def slots(self) -> int:
        """Calls it can work on at the same time."""
        return sum(self._client.nthreads().values())

    def submit(self, call: Callable[..., str], *names: str | int, key: str, on_done: Callable[[], None]) -> Attempt:
        """Hand over one call, never repeated by the cluster; `on_done` comes from another thread."""
        future = self._client.submit(call, *names, key=key, pure=False, retries=0)
        future.add_done_callback(lambda _: on_done())
        return Attempt(future)

    def restart_worker_of(self, key: str) -> None:
        """Kill the process that works on a call and start a new one; nothing happens when nobody works on it."""
        holders = [address for address, keys in self._client.processing().items() if key in keys]
        if holders:
            self._client.restart_workers(holders, timeout=RESTART_TIMEOUT_S, raise_for_error=False)


@contextmanager
def connected(settings: ClusterSettings) -> Iterator[Cluster]:
    """The cluster the settings describe until the block ends; our own processes end with it.

    Raises:
        ClusterError: the settings are refused, or the scheduler does not answer.
    """
    import dask

    distributed: Any = import_module("distributed")  # it declares types, but only half of them
    settings.check()
    if settings.address is not None:
        certificates = distributed.Security(
            require_encryption=True,
            tls_ca_file=str(settings.tls_ca),
            tls_client_cert=str(settings.tls_cert),
            tls_client_key=str(settings.tls_key),
        )
        try:
            client = distributed.Client(settings.address, security=certificates, timeout=START_TIMEOUT_S)
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                f"The scheduler {settings.address} does not answer ({error}). "
                "Check the address, the certificates and the firewall."
            ) from error
        with client:
            yield Cluster(client)
        return
    with dask.config.set(DASK_CONFIG):
        local = distributed.LocalCluster(
            n_workers=settings.workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            # an HTTP server without pages starts all the same: on loopback, at any free port rather than at 8787
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            security=distributed.Security.temporary(),  # in memory; workers get it through the pipe that starts them
            env={**ONE_THREAD, **settings.environment},
        )
        with local as cluster, distributed.Client(cluster) as client:
            yield Cluster(client)
