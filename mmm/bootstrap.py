"""The composition root: settings in, services out."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from mmm.access.passwords import Passwords
from mmm.errors import IntegrityError, SpecError
from mmm.jobs.cluster import ClusterSettings
from mmm.jobs.executor import Executor
from mmm.jobs.worker import Workshop
from mmm.services import Services
from mmm.services.accounts import Accounts
from mmm.services.annotations import Annotations
from mmm.services.audit import Audit
from mmm.services.backups import Backups
from mmm.services.base import Clock, Kit, utc_now
from mmm.services.datasets import Datasets
from mmm.services.desk import Desk
from mmm.services.first_start import FirstRun, create_workspace
from mmm.services.insight import Insight
from mmm.services.jobs import Jobs, SqlLedger
from mmm.services.keys import Keys
from mmm.services.lift_tests import LiftTests
from mmm.services.models import Models
from mmm.services.planning import Planning
from mmm.services.plans import Plans
from mmm.services.questions import Questions
from mmm.services.reproduction import Reproduction
from mmm.services.tasks import bodies
from mmm.services.training import Training
from mmm.services.twins import Twins
from mmm.services.users import Users
from mmm.settings import Settings
from mmm.store.audit import AuditLog
from mmm.store.database import Database, address, make_engine, patient
from mmm.store.keys import check_master_keys, has_secrets
from mmm.store.master import Keyring, create_keyring, read_keyring
from mmm.store.migrate import upgrade
from mmm.store.rotation import rewrap

WORKSHOP = "mmm.bootstrap:open_workshop"  # how a worker process finds its tools, by name


def initialise(settings: Settings, *, clock: Clock = utc_now, passwords: Passwords | None = None) -> FirstRun | None:
    """Make the installation ready: private directory, key, newest schema, a workspace with people.

    Safe to call at every start and from several processes at once: one works, the others wait and find it done.

    Returns:
        The one-time passwords of a first start, for printing once; None when there was nothing to create.

    Raises:
        IntegrityError: the key is missing, unsafe or another one, or the database is newer than the program.
    """
    _private_directory(settings.var_dir)
    with _only_one(settings.var_dir / ".initialise.lock"):
        kit = make_kit(settings, clock=clock, passwords=passwords)
        try:
            return create_workspace(kit)
        finally:
            kit.database.close()


def build_services(settings: Settings, *, clock: Clock = utc_now, passwords: Passwords | None = None) -> Services:
    """Every service over one database, brought to the newest schema if need be.

    Raises:
        IntegrityError: as `initialise`.
    """
    kit = make_kit(settings, clock=clock, passwords=passwords)
    executor = Executor(SqlLedger(kit.database, kit.clock), WORKSHOP, _cluster(settings))

    datasets, models = Datasets(kit), Models(kit)
    insight, audit = Insight(kit, datasets, models), Audit(kit)

    def close() -> None:
        executor.close()
        kit.database.close()

    return Services(
        accounts=Accounts(kit),
        users=Users(kit),
        audit=audit,
        backups=Backups(kit),
        keys=Keys(kit),
        datasets=datasets,
        desk=Desk(kit, datasets),
        annotations=Annotations(kit),
        lift_tests=LiftTests(kit),
        models=models,
        insight=insight,
        questions=Questions(kit, insight, audit),
        planning=Planning(kit, datasets, models, insight),
        plans=Plans(kit),
        jobs=Jobs(kit, executor),
        training=Training(kit, executor),
        twins=Twins(kit, executor),
        reproduction=Reproduction(kit),
        executor=executor,
        unit_of_work=kit.database.unit_of_work,
        close=close,
    )


def open_workshop() -> Workshop:
    """What a worker process works with; it finds the installation in its environment."""
    kit = make_kit(Settings())
    return Workshop(SqlLedger(kit.database, kit.clock), bodies(kit))


def _cluster(settings: Settings) -> ClusterSettings:
    return ClusterSettings(
        workers=settings.job_workers,
        address=settings.dask_address,
        tls_ca=settings.dask_tls_ca,
        tls_cert=settings.dask_tls_cert,
        tls_key=settings.dask_tls_key,
        database_is_local=settings.url.startswith("sqlite"),
        environment=settings.worker_environment,
    )


def make_kit(settings: Settings, *, clock: Clock = utc_now, passwords: Passwords | None = None) -> Kit:
    """The tools of the services: an open, migrated database with its key, settings, clock and hasher."""
    _private_directory(settings.var_dir)
    database = _open_database(settings)
    return Kit(database=database, settings=settings, clock=clock, passwords=passwords or Passwords())


def _open_database(settings: Settings) -> Database:
    engine = make_engine(settings.url)
    try:
        if engine.dialect.name == "sqlite" and engine.url.database:
            _private_file(Path(engine.url.database))
        _connect(engine)
        upgrade(engine)
        return Database(engine, _keyring(settings, engine))
    except BaseException:
        engine.dispose()
        raise


def _connect(engine: Engine) -> None:
    """Say in words when the database cannot be reached at all."""
    try:
        engine.connect().close()
    except OperationalError as error:
        where = address(engine.url)
        raise SpecError(f"The database {where} cannot be opened (MMM_DATABASE_URL): {error.orig}") from error


def _keyring(settings: Settings, engine: Engine) -> Keyring:
    """The keys of this database; a fresh one only where nothing was sealed or signed yet.

    A rotation of the master key that was cut off after the file was written is finished here.
    """
    path = settings.master_key_path
    with Session(patient(engine)) as session:
        session.connection()  # two processes that start at once must not both make a key
        keyring = read_keyring(path)
        if keyring is None:
            if has_secrets(session):
                raise IntegrityError(
                    f"The master key {path} is missing, and the database cannot be read without it. "
                    "Put the key file back from where you keep it, then start again."
                )
            keyring = create_keyring(path)
        check_master_keys(session, keyring)
        rewrapped = rewrap(session, keyring)
        if rewrapped:
            details = {"key": keyring.newest.id, "data_keys": rewrapped, "resumed": True}
            AuditLog(session, keyring).record(None, "rotate_master_key", "installation", details=details)
            session.commit()
    return keyring


def _private_directory(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)


def _private_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise SpecError(f"The database file {path} cannot be opened: {error.strerror}.") from error
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock that other processes wait for; it ends with the process, however that ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
