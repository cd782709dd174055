"""New keys for old: rows resealed one at a time while everybody goes on, data keys rewrapped all at once.

A rotation of data keys is a newer key beside an older one; it is over when the older one is gone. So one that was cut
off needs no record of how far it came: whatever is not sealed with the newest key is still to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from sqlalchemy import Column, LargeBinary, Table, func, or_, select, update
from sqlalchemy.orm import Session

from mmm.errors import ConflictError
from mmm.store.audit import AuditLog
from mmm.store.keys import KEY_ID_AT, KEY_ID_BYTES, check_master_keys, place, ruling_key, unwrapped, wrap
from mmm.store.master import Keyring
from mmm.store.tables import Base, DataKeyRow
from mmm.store.unit_of_work import UnitOfWork

SEALED = "_sealed"  # how the name of an encrypted column ends


def sealed_columns() -> dict[type[Base], tuple[str, ...]]:
    """Every encrypted column there is, by table."""
    found = {mapper.class_: _sealed_names(mapper.local_table) for mapper in Base.registry.mappers}
    return {table: names for table, names in found.items() if names}


def begin(uow: UnitOfWork, workspace_id: str) -> bool:
    """Give the workspace a new data key; False when an earlier rotation is unfinished and goes on instead."""
    if len(uow.vault.row_keys(workspace_id)) > 1:
        return False
    uow.vault.create_key(workspace_id)
    return True


def reseal(work: Callable[..., AbstractContextManager[UnitOfWork]], workspace_id: str) -> Iterator[str]:
    """Seal everything of the workspace with its newest key, a row a transaction; yields a row's id once it is done."""
    with work(read_only=True) as uow:
        rows = _behind(uow, workspace_id)
    for table, row_id in rows:
        with work() as uow:
            _reseal_row(uow, workspace_id, table, row_id)
            uow.commit()
        yield row_id


def finish(uow: UnitOfWork, workspace_id: str) -> int:
    """Remove every data key of the workspace but the newest and say how many that were.

    Raises:
        ConflictError: something is still sealed with one of them.
    """
    behind = _behind(uow, workspace_id)
    if behind:
        raise ConflictError(f"{len(behind)} rows are still sealed with an older key; run the rotation again.")
    older = uow.vault.row_keys(workspace_id)[1:]
    for row in older:
        uow.vault.forget(row)
    return len(older)


def rewrap(session: Session, keyring: Keyring) -> int:
    """Bring the database under the newest master key, in the transaction at hand; says how many keys were rewrapped.

    A head of the audit chain that was forged must not be signed: such a database stays under the key it is under, where
    everything can be read and `AuditLog.verify` says what is wrong.

    Raises:
        IntegrityError: a data key was wrapped by a master key that is not in the key file.
    """
    old, new = ruling_key(session, keyring), keyring.newest
    audit = AuditLog(session, keyring)
    if old.id == new.id or not audit.is_signed():
        return 0
    rows = session.scalars(select(DataKeyRow)).all()
    for row in rows:
        wrap(row, unwrapped(row, keyring), new)
    audit.sign(new)
    session.flush()
    return len(rows)


def replace_master_key(session: Session, keyring: Keyring) -> int:
    """Add a master key to the key file and `rewrap` with it; the transaction at hand must be one that writes.

    The file comes first: a database under a key that is in no file would be lost.

    Raises:
        IntegrityError: the keys here do not open this database, or its audit chain was tampered with; nothing was
            changed.
    """
    check_master_keys(session, keyring)
    AuditLog(session, keyring).require_signed()
    keyring.add()
    return rewrap(session, keyring)


def forget_older_master_keys(session: Session, keyring: Keyring) -> int:
    """Leave only the newest master key in the key file; the transaction at hand must be one that writes.

    Raises:
        ConflictError: the database is not under the newest one yet.
        IntegrityError: the key file was changed meanwhile.
    """
    if ruling_key(session, keyring).id != keyring.newest.id:
        raise ConflictError("The database is still under an older master key; start Mixwright once, then try again.")
    return keyring.forget_older()


def _behind(uow: UnitOfWork, workspace_id: str) -> list[tuple[type[Base], str]]:
    """Rows with a column that another key than the newest sealed."""
    newest = bytes.fromhex(uow.vault.row_keys(workspace_id)[0].id)
    found: list[tuple[type[Base], str]] = []
    for table, names in sealed_columns().items():
        columns = _columns(table)
        old = [func.substr(columns[name], KEY_ID_AT + 1, KEY_ID_BYTES, type_=LargeBinary) != newest for name in names]
        wanted = select(columns["id"]).where(columns["workspace_id"] == workspace_id, or_(*old))
        found.extend((table, str(row_id)) for row_id in uow.session.scalars(wanted.order_by(columns["id"])))
    return found


def _reseal_row(uow: UnitOfWork, workspace_id: str, table: type[Base], row_id: str) -> None:
    columns = _columns(table)
    names = sealed_columns()[table]
    row = uow.session.execute(select(*(columns[name] for name in names)).where(columns["id"] == row_id)).first()
    if row is None:  # removed meanwhile
        return
    fresh = {
        name: uow.vault.reseal(workspace_id, place(table, row_id, name.removesuffix(SEALED)), sealed)
        for name, sealed in zip(names, row, strict=True)
        if sealed is not None
    }
    uow.session.execute(update(table).where(columns["id"] == row_id).values(**fresh))


def _sealed_names(table: object) -> tuple[str, ...]:
    return (
        tuple(column.name for column in table.columns if column.name.endswith(SEALED))
        if isinstance(table, Table)
        else ()
    )


def _columns(table: type[Base]) -> dict[str, Column[object]]:
    return {column.name: column for column in Base.metadata.tables[table.__tablename__].columns}
