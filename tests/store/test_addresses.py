"""What `MMM_DATABASE_URL` may say, and what is said when it cannot be used."""

import pytest

from mmm.bootstrap import make_kit
from mmm.errors import SpecError
from mmm.settings import Settings
from mmm.store.database import address, database_url, make_engine


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


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:secret",  # the host was forgotten
        "postgresql://ann:pass@db:secret/shop",
        "postgresql://ann:sec@ret@db/shop",
    ],
)
def test_a_password_in_the_wrong_place_is_refused_without_repeating_it(text):
    with pytest.raises(SpecError, match="%40") as told:
        database_url(text)
    assert "ret" not in str(told.value)


@pytest.mark.parametrize("text", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_would_forget_everything_is_refused(text):
    with pytest.raises(SpecError, match="without a file"):
        database_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:secret@127.0.0.1:1/shop",
        "postgresql://ann@127.0.0.1:1/shop?password=secret",
        "sqlite:////nowhere/at/all.sqlite3",
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(text, tmp_path):
    with pytest.raises(SpecError, match="cannot be opened") as told:
        make_kit(Settings(var_dir=tmp_path, database_url=text))
    assert "secret" not in str(told.value)


def test_an_address_is_shown_as_people_write_it():
    url = database_url("postgres://ann:x@db:5433/shop?sslmode=require&password=y&sslpassword=z")
    assert address(url) == "postgresql://ann@db:5433/shop?sslmode=require"


def test_settings_that_are_printed_show_no_password(tmp_path):
    assert "secret" not in repr(Settings(var_dir=tmp_path, database_url="postgresql://ann:secret@db/shop"))


def test_what_an_address_asks_for_counts_beside_our_limits(cluster):
    asked = "&options=-c%20search_path=shop%20-c%20lock_timeout=3s&application_name=shop"
    with make_engine(cluster.url("postgres") + asked).connect() as connection:

        def shown(name):
            return connection.exec_driver_sql(f"SHOW {name}").scalar()

        assert [shown(name) for name in ("search_path", "lock_timeout", "application_name")] == ["shop", "3s", "shop"]
        assert shown("statement_timeout") == "2min"


def test_a_file_named_by_its_address_is_private_too(tmp_path):
    path = tmp_path / "elsewhere.sqlite3"
    make_kit(Settings(var_dir=tmp_path, database_url=f"sqlite:///{path}")).database.close()
    assert path.stat().st_mode & 0o777 == 0o600
