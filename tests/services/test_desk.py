"""The desk: reading, asking, storing once; and what the audit table keeps of it."""

from __future__ import annotations

import pytest

from mmm.data.findings import Severity
from mmm.data.mapping import guess_mapping
from mmm.data.personal import personal_columns
from mmm.data.read import read_table
from mmm.errors import ConflictError, DataError, NotAllowedError
from mmm.services.reading import consider, unanswered
from tests.messy import NAME, messy_csv

ANSWERS = {"duplicates": "first", "missing_spend": "zero", "negative_spend": "credit"}


@pytest.fixture
def read(services, person):
    def reading(content=None, *, name=NAME, dataset_id=None, who="analyst"):
        return services.desk.read(person(who), name=name, content=content or messy_csv(), dataset_id=dataset_id)

    return reading


@pytest.fixture
def store(services, person):
    def stored(reading, *, answers=ANSWERS, who="analyst", **target):
        draft = services.desk.draft(person(who), reading, unanswered(reading.guess)[0], answers)
        return services.desk.store(person(who), reading, draft.mapping, **(target or {"name": "Shop"}))

    return stored


class TestReading:
    def test_a_file_that_is_no_table_is_refused_and_written_down(self, read, events, services, person):
        with pytest.raises(DataError, match="image"):
            read(b"\x89PNG\r\n\x1a\n....", name="sales.csv")
        (event,) = events("upload")
        assert event.outcome == "failed"
        assert event.details["file"] == "sales.csv"
        assert services.datasets.list(person("analyst")) == ()

    def test_a_good_file_is_written_down_with_its_hash(self, read, events):
        reading = read()
        (event,) = events("upload")
        assert event.outcome == "ok"
        assert event.details["source_sha256"] == reading.raw.sha256
        assert event.details["rows"] == 81

    def test_a_file_name_that_is_no_text_stops_nothing(self, read, store, events):
        assert store(read(name="caf\udce9\x00.csv")).version.source_name == "caf\ufffd\ufffd.csv"
        assert events("upload")[0].details["file"] == "caf\ufffd\ufffd.csv"

    def test_a_manager_may_not_upload(self, read):
        with pytest.raises(NotAllowedError):
            read(who="manager")

    def test_mail_addresses_count_as_personal_and_dates_and_amounts_do_not(self, read):
        assert read().personal == {"E-Mail": "e-mail"}

    def test_numbers_are_no_telephone_numbers(self):
        raw = read_table("a.csv", b"week,sales,tv_spend,ext\n2024-01-01,1234567890,12 345,2024-01-01 10\n")
        assert personal_columns(raw) == {}


class TestQuestions:
    def test_all_of_them_are_open_until_answered(self, read):
        draft = consider(read().raw, unanswered(read().guess)[0], {})
        assert {q.code for q in draft.open} == set(ANSWERS)
        assert draft.result.panel is None
        assert not draft.ready

    def test_answered_ones_stay_on_the_list_with_their_answer(self, read):
        reading = read()
        draft = consider(reading.raw, reading.guess, ANSWERS)
        assert {a.question.code: a.answer for a in draft.asked} == ANSWERS
        assert draft.ready
        assert draft.checks

    def test_an_answer_that_is_no_option_counts_as_none(self, read):
        draft = consider(read().raw, read().guess, {**ANSWERS, "duplicates": "all of them"})
        assert [q.code for q in draft.open] == ["duplicates"]

    def test_answers_come_back_out_of_a_mapping(self, read):
        reading = read()
        mapping = consider(reading.raw, reading.guess, ANSWERS).mapping
        bare, answers = unanswered(mapping)
        assert answers == ANSWERS
        assert consider(reading.raw, bare, answers).mapping == mapping

    def test_daily_rows_are_asked_about_and_answered_both_ways(self):
        days = "\n".join(f"2024-01-{d:02d},{100 + d},{d % 7}" for d in range(1, 32))
        raw = read_table("d.csv", f"day,sales,tv_spend\n{days}\n".encode())
        draft = consider(raw, guess_mapping(raw), {"roll_up": "days"})
        assert draft.mapping.frequency == "day"
        assert unanswered(draft.mapping)[1] == {"roll_up": "days"}

    def test_a_report_of_campaigns_is_answered_with_a_sentence(self):
        rows = [f"2024-01-{d:02d},{c},{d * 10},{d}" for d in range(1, 29) for c in ("Brand | DE", "Generic")]
        raw = read_table("ads.csv", ("Day,Campaign,Cost,Conversions\n" + "\n".join(rows)).encode())
        draft = consider(raw, guess_mapping(raw), {"duplicates": "sum", "roll_up": "weeks"})
        (finding,) = [f for f in draft.findings if f.code == "platform_export"]
        assert finding.severity is Severity.REFUSE
        assert "one row for each “Day” and “Campaign”" in finding.message
        assert not draft.ready


class TestStoring:
    def test_pressing_twice_stores_once(self, read, store, services, person):
        reading = read()
        first, second = store(reading), store(reading)
        assert not first.already
        assert second.already
        assert first.version == second.version
        (dataset,) = services.datasets.list(person("analyst"))
        assert len(services.datasets.versions(person("analyst"), dataset.id)) == 1

    def test_the_same_file_again_is_no_new_version(self, read, store):
        first = store(read()).version
        again = store(read(dataset_id=first.dataset_id), dataset_id=first.dataset_id)
        assert again.already
        assert again.version.id == first.id

    def test_another_file_is_the_next_version_and_starts_with_the_last_mapping(self, read, store):
        first = store(read()).version
        reading = read(messy_csv(weeks=84), dataset_id=first.dataset_id)
        assert unanswered(reading.guess)[1] == ANSWERS
        second = store(reading, dataset_id=first.dataset_id)
        assert not second.already
        assert (second.version.number, second.version.parent_id) == (2, first.id)

    def test_two_people_do_not_overtake_each_other_unseen(self, read, store):
        first = store(read()).version
        slow = read(messy_csv(weeks=84), dataset_id=first.dataset_id)
        store(read(messy_csv(weeks=85), dataset_id=first.dataset_id), dataset_id=first.dataset_id)
        with pytest.raises(ConflictError, match="added version 2 since"):
            store(slow, dataset_id=first.dataset_id)

    def test_open_questions_are_never_stored(self, read, store, services, person):
        with pytest.raises(DataError, match="cannot be used"):
            store(read(), answers={})
        assert services.datasets.list(person("analyst")) == ()

    def test_columns_left_out_are_nowhere(self, read, store, services, person):
        reading = read()
        version = store(reading, name="Shop", leave_out=reading.personal).version
        table = services.datasets.as_read(person("analyst"), version.id)
        assert "E-Mail" not in table.columns
        assert "Bemerkung" in table.columns

    def test_what_was_confirmed_is_written_down(self, read, store, events):
        reading = read()
        store(reading)
        assert events("confirm_mapping")[0].details["source_sha256"] == reading.raw.sha256
        assert len(events("save_dataset")) == 1

    def test_what_was_not_stored_was_not_confirmed(self, read, store, events):
        store(read(), name="Shop")
        with pytest.raises(ConflictError, match="already"):
            store(read(messy_csv(weeks=84)), name="Shop")
        assert len(events("confirm_mapping")) == 1
