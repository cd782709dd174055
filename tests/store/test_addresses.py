"""What `MMM_DATABASE_URL` may say, and what is said when it cannot be used."""

import pytest

from mmm.bootstrap import make_kit
from mmm.errors import SpecError
from mmm.settings import Settings
from mmm.store.database import database_url


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_however_postgresql_is_named_the_driver_is_the_one_that_is_installed(driver):
    url = database_url(f"{driver}://ann:x@db:5433/shop?sslmode=require")
    assert url.render_as_string(hide_password=False) == "postgresql+psycopg://ann:x@db:5433/shop?sslmode=require"


def test_another_kind_of_database_is_refused():
    with pytest.raises(SpecError, match="names a mysql database"):
        database_url("mysql://ann:x@db/shop")


def test_what_is_no_address_is_refused_without_repeating_it():
    with pytest.raises(SpecError, match="looks like postgresql://") as told:
        database_url("secret words")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("address", ["postgresql://ann:secret@127.0.0.1:1/shop", "sqlite:////nowhere/at/all.sqlite3"])
def test_a_database_that_cannot_be_opened_is_named_without_its_password(address, tmp_path):
    with pytest.raises(SpecError, match="cannot be opened") as told:
        make_kit(Settings(var_dir=tmp_path, database_url=address))
    assert "secret" not in str(told.value)


def test_a_file_named_by_its_address_is_private_too(tmp_path):
    path = tmp_path / "elsewhere.sqlite3"
    make_kit(Settings(var_dir=tmp_path, database_url=f"sqlite:///{path}")).database.close()
    assert path.stat().st_mode & 0o777 == 0o600
