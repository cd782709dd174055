import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from mmm.errors import IntegrityError
from mmm.store.database import make_engine
from mmm.store.migrate import MIGRATIONS, upgrade
from mmm.store.tables import Base


def test_migrations_make_exactly_the_tables_of_the_code(empty_url):
    engine = make_engine(empty_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_newest_schema():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_running_migrations_again_changes_nothing(empty_url):
    engine = make_engine(empty_url)
    upgrade(engine)
    before = inspect(engine).get_table_names()
    upgrade(engine)
    assert inspect(engine).get_table_names() == before


def test_a_database_of_a_newer_program_is_refused(empty_url):
    engine = make_engine(empty_url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(IntegrityError, match="9999"):
        upgrade(engine)


def test_a_migration_that_fails_leaves_no_tables_behind(empty_url, monkeypatch):
    engine = make_engine(empty_url)
    monkeypatch.setattr("alembic.op.create_index", None)
    with pytest.raises(TypeError):
        upgrade(engine)
    assert inspect(engine).get_table_names() == []


def test_every_table_of_a_team_says_whose_it_is():
    personal = {"workspace", "user", "ticket", "audit_head"}
    assert {name for name, table in Base.metadata.tables.items() if "workspace_id" not in table.columns} == personal
