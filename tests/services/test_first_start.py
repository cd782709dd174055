import multiprocessing
import sqlite3

import pytest
from argon2 import PasswordHasher

from mmm.access import Role
from mmm.access.passwords import Passwords
from mmm.bootstrap import build_services, initialise
from mmm.errors import IntegrityError
from mmm.settings import Settings

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_first_start_makes_one_person_per_role_with_a_one_time_password_each(first_run, services, person):
    assert set(first_run.credentials) == {role.value for role in Role}
    assert len(set(first_run.credentials.values())) == len(Role)
    users = services.users.list(person("admin"))
    assert {user.username: user.roles for user in users} == {role.value: {role} for role in Role}


def test_without_the_sample_there_is_one_administrator(tmp_path):
    settings = Settings(var_dir=tmp_path / "var", sample=False, _env_file=None)
    assert set(initialise(settings, passwords=CHEAP).credentials) == {"admin"}


def test_starting_again_changes_nothing(settings, first_run):
    before = settings.credentials_path.read_text(), settings.master_key_path.read_bytes()
    assert initialise(settings, passwords=CHEAP) is None
    assert (settings.credentials_path.read_text(), settings.master_key_path.read_bytes()) == before


def test_everything_it_writes_is_private(settings, first_run):
    assert mode(settings.var_dir) == 0o700
    assert mode(settings.master_key_path.parent) == 0o700
    private = [settings.master_key_path, settings.credentials_path, settings.database_path]
    assert [mode(path) for path in private] == [0o600] * 3


def test_the_credentials_file_holds_what_is_printed_and_the_database_does_not(settings, first_run, services):
    text = settings.credentials_path.read_text()
    services.close()
    stored = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
    for username, password in first_run.credentials.items():
        assert username in text
        assert password in text
        assert password.encode() not in stored


def test_a_directory_others_could_read_is_closed(tmp_path):
    (tmp_path / "var").mkdir(mode=0o755)
    initialise(Settings(var_dir=tmp_path / "var", _env_file=None), passwords=CHEAP)
    assert mode(tmp_path / "var") == 0o700


def test_a_missing_key_is_not_replaced_where_something_is_sealed(settings, first_run):
    settings.master_key_path.unlink()
    with pytest.raises(IntegrityError, match="missing"):
        build_services(settings)
    assert not settings.master_key_path.exists()


def test_a_key_that_others_can_read_stops_the_start(settings, first_run):
    settings.master_key_path.chmod(0o644)
    with pytest.raises(IntegrityError, match="chmod 600"):
        build_services(settings)


def test_another_key_stops_the_start(settings, first_run):
    settings.master_key_path.write_bytes(bytes(32))
    with pytest.raises(IntegrityError, match="does not fit"):
        build_services(settings)


def test_a_start_that_cannot_write_the_passwords_makes_nobody(settings):
    settings.var_dir.mkdir()
    settings.credentials_path.mkdir()  # in the way of the file
    with pytest.raises(OSError, match="first-run"):
        initialise(settings, passwords=CHEAP)
    settings.credentials_path.rmdir()
    assert initialise(settings, passwords=CHEAP) is not None


def start(var_dir, results):
    made = initialise(Settings(var_dir=var_dir, _env_file=None), passwords=CHEAP)
    results.put(None if made is None else sorted(made.credentials))


def test_four_starts_at_once_make_one_workspace(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    starts = [context.Process(target=start, args=(tmp_path / "var", results)) for _ in range(4)]
    for process in starts:
        process.start()
    made = [results.get(timeout=60) for _ in starts]
    for process in starts:
        process.join()
    assert sum(one is not None for one in made) == 1
    with sqlite3.connect(tmp_path / "var" / "mixwright.sqlite3") as raw:
        assert raw.execute("SELECT count(*) FROM workspace").fetchone() == (1,)
    raw.close()
