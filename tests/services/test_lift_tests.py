"""Lift tests of a data set: added once, kept through every version, sealed, handed to trainings."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mmm.errors import ConflictError, DataError, NotAllowedError, NotFoundError, SpecError
from mmm.services.lift_tests import panel_with_tests

ROW = {"channel": "search", "start": "2023-03-06", "end": "2023-04-02", "lift": 87654.25, "se": 9000.5}


@pytest.fixture
def tests(services):
    return services.lift_tests


@pytest.fixture
def version(upload):
    return upload()


@pytest.fixture
def shop(version):
    return version.dataset_id


def attached(services, actor, version_id):
    with services.unit_of_work(read_only=True) as uow:
        return panel_with_tests(uow, uow.datasets.version(actor.workspace_id, version_id))


def test_what_was_measured_comes_back_with_who_and_when(tests, person, shop, clock):
    made = tests.add(person("engineer"), shop, ROW, notes="Geo test, spring")
    (test,) = tests.all(person("analyst"), shop)
    assert test == made
    assert (test.read.test.channel, test.read.test.lift, test.read.test.se) == ("search", 87654.25, 9000.5)
    assert (test.notes, test.created_by, test.created_at, test.live) == (
        "Geo test, spring",
        "Engineer",
        clock.now,
        True,
    )


def test_a_file_is_stored_whole_or_not_at_all(tests, person, shop):
    good = "channel,start,end,lift,low,high\nsearch,2023-03-06,2023-04-02,5,1,9\nsocial,2023-03-06,2023-04-02,5,1,9\n"
    assert len(tests.add_file(person("analyst"), shop, "spring.csv", good.encode())) == 2
    with pytest.raises(DataError, match="row 3"):
        tests.add_file(person("analyst"), shop, "more.csv", good.replace("social,2023-03-06", "social,x").encode())
    assert [test.notes for test in tests.all(person("analyst"), shop)] == ["spring.csv", "spring.csv"]


def test_what_makes_no_test_is_said_all_at_once(tests, person, shop):
    with pytest.raises(SpecError, match=r"end is missing.*se must lie above zero"):
        tests.add(person("analyst"), shop, {**ROW, "end": None, "se": -1})
    with pytest.raises(SpecError, match="501 characters"):
        tests.add(person("analyst"), shop, ROW, notes="x" * 501)


def test_the_same_result_is_not_stored_twice(tests, person, shop):
    first = tests.add(person("analyst"), shop, ROW)
    with pytest.raises(ConflictError, match="count double"):
        tests.add(person("analyst"), shop, ROW)
    tests.withdraw(person("analyst"), first.id)
    assert tests.add(person("analyst"), shop, ROW).live


def test_one_that_was_withdrawn_is_still_there_and_not_replayed(tests, services, person, version, shop, clock):
    made = tests.add(person("analyst"), shop, ROW)
    tests.withdraw(person("engineer"), made.id)
    (test,) = tests.all(person("analyst"), shop)
    assert test.withdrawn_at == clock.now
    assert attached(services, person("analyst"), version.id).attached.panel.lift_tests == ()
    with pytest.raises(ConflictError, match="already"):
        tests.withdraw(person("analyst"), made.id)


def test_they_survive_a_new_version_and_go_into_its_panel(tests, services, person, shop, upload):
    used = tests.add(person("analyst"), shop, ROW)
    strange = tests.add(person("analyst"), shop, {**ROW, "channel": "radio"})
    later = upload(dataset_id=shop)
    found = attached(services, person("analyst"), later.id)
    assert [test.lift for test in found.attached.panel.lift_tests] == [87654.25]
    assert found.record == {"used": [used.id], "left_out": {strange.id: "channel"}}


def test_every_change_is_written_down_without_its_figures(tests, services, person, shop):
    made = tests.add(person("analyst"), shop, ROW, notes="Zyxomma")
    tests.withdraw(person("analyst"), made.id)
    events = services.audit.events(person("auditor"), actions=("add_lift_test", "withdraw_lift_test"))
    assert {event.action for event in events} == {"add_lift_test", "withdraw_lift_test"}
    told = json.dumps([event.details for event in events])
    assert not any(word in told for word in ("87654", "9000.5", "search", "Zyxomma"))


def test_names_and_figures_are_sealed(tests, services, person, shop, settings):
    tests.add(person("analyst"), shop, {**ROW, "channel": "Petiolatum"}, notes="Zyxomma")
    services.close()
    held = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
    assert not any(word in held for word in (b"87654", b"9000.5", b"Petiolatum", b"Zyxomma"))


def test_who_does_not_see_data_sees_none(tests, person, shop):
    with pytest.raises(NotAllowedError):
        tests.all(person("manager"), shop)


def test_another_workspace_sees_and_changes_nothing(tests, person, shop):
    made = tests.add(person("analyst"), shop, ROW)
    stranger = replace(person("analyst"), workspace_id="0" * 32)
    for attempt in (
        lambda: tests.all(stranger, shop),
        lambda: tests.add(stranger, shop, ROW),
        lambda: tests.add_file(stranger, shop, "a.csv", b"channel,start,end,lift,se\nb,2023-01-02,2023-01-08,1,1\n"),
        lambda: tests.withdraw(stranger, made.id),
    ):
        with pytest.raises(NotFoundError):
            attempt()
