"""What happened when: noted once, kept through every version, sealed."""

from __future__ import annotations

import json
from datetime import date

import pytest

from mmm.charts.marks import Mark
from mmm.errors import NotAllowedError, NotFoundError, SpecError

LAUNCH = {"kind": "launch", "first": date(2024, 3, 4), "last": date(2024, 3, 10), "text": "New app “Morgen”"}


@pytest.fixture
def notes(services):
    return services.annotations


@pytest.fixture
def shop(upload):
    return upload().dataset_id


def test_what_was_noted_comes_back_with_who_and_when(notes, person, shop, clock):
    made = notes.add(person("engineer"), shop, **LAUNCH, market="DE")
    (note,) = notes.all(person("manager"), shop)
    assert note == made
    assert (note.kind, note.first, note.last, note.text, note.market) == (*LAUNCH.values(), "DE")
    assert (note.created_by, note.created_at) == ("Engineer", clock.now)


def test_charts_take_them_as_marks(notes, person, shop):
    notes.add(person("analyst"), shop, **LAUNCH)
    notes.add(person("analyst"), shop, **{**LAUNCH, "text": "Rain", "kind": "other"}, market="DE")
    assert set(notes.marks(person("executive"), shop)) == {
        Mark(LAUNCH["first"], LAUNCH["last"], "launch", "New app “Morgen”"),
        Mark(LAUNCH["first"], LAUNCH["last"], "other", "Rain (DE)"),
    }


def test_they_survive_a_new_version(notes, person, shop, upload):
    notes.add(person("analyst"), shop, **LAUNCH)
    upload(dataset_id=shop)
    assert len(notes.all(person("analyst"), shop)) == 1


def test_another_text_takes_the_place_of_the_first(notes, person, shop):
    note = notes.add(person("engineer"), shop, **LAUNCH)
    notes.change(person("analyst"), note.id, **{**LAUNCH, "text": "Old app", "last": date(2024, 3, 20)})
    (changed,) = notes.all(person("analyst"), shop)
    assert (changed.id, changed.text, changed.last, changed.created_by) == (
        note.id,
        "Old app",
        date(2024, 3, 20),
        "Engineer",
    )


def test_what_was_removed_is_gone(notes, person, shop):
    note = notes.add(person("analyst"), shop, **LAUNCH)
    notes.remove(person("analyst"), note.id)
    assert notes.all(person("analyst"), shop) == ()
    with pytest.raises(NotFoundError):
        notes.remove(person("analyst"), note.id)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": "   "}, "1 to 200"),
        ({"text": "x" * 201}, "1 to 200"),
        ({"kind": "party"}, "no kind"),
        ({"last": date(2024, 1, 1)}, "before it begins"),
    ],
)
def test_what_makes_no_annotation_is_said(notes, person, shop, wrong, told):
    with pytest.raises(SpecError, match=told):
        notes.add(person("analyst"), shop, **{**LAUNCH, **wrong})


def test_every_change_is_written_down_without_its_words(notes, services, person, shop):
    note = notes.add(person("analyst"), shop, **LAUNCH)
    notes.change(person("analyst"), note.id, **LAUNCH)
    notes.remove(person("analyst"), note.id)
    actions = ("add_annotation", "change_annotation", "remove_annotation")
    events = services.audit.events(person("auditor"), actions=actions)
    assert {event.action for event in events} == set(actions)
    assert "Morgen" not in json.dumps([event.details for event in events])


def test_the_words_are_sealed(notes, services, person, shop, settings):
    notes.add(person("analyst"), shop, **LAUNCH)
    services.close()
    held = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
    assert b"Morgen" not in held


def test_managers_read_and_do_not_write(notes, person, shop):
    notes.all(person("manager"), shop)
    with pytest.raises(NotAllowedError):
        notes.add(person("manager"), shop, **LAUNCH)


def test_another_workspace_sees_and_changes_nothing(notes, person, shop):
    from dataclasses import replace

    note = notes.add(person("analyst"), shop, **LAUNCH)
    stranger = replace(person("analyst"), workspace_id="0" * 32)
    for attempt in (
        lambda: notes.all(stranger, shop),
        lambda: notes.add(stranger, shop, **LAUNCH),
        lambda: notes.change(stranger, note.id, **LAUNCH),
        lambda: notes.remove(stranger, note.id),
    ):
        with pytest.raises(NotFoundError):
            attempt()
