"""The Data, Train and Models pages through the router, as analysts and engineers see them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mmm.bootstrap import make_kit
from mmm.data.inputs import ControlRole
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.panel import KpiKind
from mmm.jobs.inline import InlineExecutor
from mmm.jobs.worker import Workshop
from mmm.services.jobs import SqlLedger
from mmm.services.reading import consider, unanswered
from mmm.services.tasks import bodies
from mmm.services.training import TrainingRequest
from mmm.store.jobs import JobStatus
from mmm.web.data_columns import Business, Choice, Meaning, business_of, choices_of, mapping_of, problems
from tests.messy import COLUMNS, NAME, messy_csv

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
ANSWERS = {"duplicates": "first", "missing_spend": "zero", "negative_spend": "credit"}


def texts(elements):
    return " ".join(str(element.value) for element in elements).replace("\\", "").replace("\u2060", "")


def button(app, label):
    return next(b for b in app.button if b.label.replace("\\", "") == label)


def labelled(elements, label):
    return next(e for e in elements if e.label.replace("\\", "") == label)


def upload(app, content=None, name=NAME):
    app.file_uploader[0].upload(name, content if content is not None else messy_csv()).run()
    assert not app.exception
    return app


def answer_all(app):
    for code, option in ANSWERS.items():
        next(radio for radio in app.radio if radio.key.endswith(f"_question_{code}")).set_value(option).run()
    return app


def save_one(installation, name="Shop", weeks=80):
    """A data set stored through the services."""
    actor, desk = installation.actor("analyst"), installation.services.desk
    reading = desk.read(actor, name="weeks.csv", content=messy_csv(weeks))
    draft = consider(reading.raw, unanswered(reading.guess)[0], ANSWERS)
    return desk.store(actor, reading, draft.mapping, name=name).version


class TestColumns:
    mapping = Mapping(
        date="week",
        kpi="orders",
        kpi_kind=KpiKind.UNITS,
        market="shop",
        value_per_kpi="worth",
        margin=0.35,
        channels={"TV": ChannelColumns("tv_eur", "grps"), "Search": ChannelColumns("search_eur")},
        controls={"price": ControlRole.CONFOUNDER, "visits": ControlRole.MEDIATOR},
        population="people",
    )
    columns = "week orders shop worth tv_eur grps search_eur price visits people note mail".split()  # noqa: SIM905

    def test_a_mapping_survives_being_edited_without_a_change(self):
        choices = choices_of(self.mapping, self.columns, ["mail"])
        assert choices["note"].meaning is Meaning.UNUSED
        assert choices["mail"].meaning is Meaning.LEFT_OUT
        assert mapping_of(choices, business_of(self.mapping)) == self.mapping
        assert problems(choices) == []

    def test_a_renamed_channel_keeps_its_exposure(self):
        choices = choices_of(self.mapping, self.columns)
        choices["tv_eur"] = Choice(Meaning.SPEND, channel="Television")
        found = mapping_of(choices, business_of(self.mapping))
        assert found.channels["Television"] == ChannelColumns("tv_eur", "grps")

    def test_money_needs_no_value(self):
        choices = choices_of(self.mapping, self.columns)
        assert mapping_of(choices, Business(kind=KpiKind.REVENUE, value=3.0)).value_per_kpi is None

    @pytest.mark.parametrize(
        ("column", "choice", "said"),
        [
            ("week", Choice(Meaning.UNUSED), "Exactly one column is the date; no column is"),
            ("note", Choice(Meaning.KPI), "“orders” and “note” are at the moment"),
            ("note", Choice(Meaning.MARKET), "Only one column can be “Market”"),
            ("note", Choice(Meaning.SPEND, channel="TV"), "Two channels are called “TV”"),
            ("note", Choice(Meaning.EXPOSURE), "choose the channel it belongs to"),
            ("note", Choice(Meaning.EXPOSURE, spend="tv_eur"), "not the only exposure of its channel"),
        ],
    )
    def test_a_contradiction_is_said_in_words(self, column, choice, said):
        choices = {**choices_of(self.mapping, self.columns), column: choice}
        assert any(said in problem for problem in problems(choices))

    def test_a_table_without_spend_says_so(self):
        choices = {c: Choice(Meaning.UNUSED) for c in ("a", "b")}
        assert any("at least one is needed" in problem for problem in problems(choices))


class TestData:
    def test_without_data_it_says_why_and_takes_a_file(self, app_as):
        app = app_as("analyst", "data")
        assert "There are no data yet" in texts(app.title)
        assert len(app.file_uploader) == 1
        assert any(b.label.startswith("Template") for b in app.get("download_button"))

    @pytest.mark.parametrize(
        ("content", "name", "said"),
        [
            (b"", "none.csv", "is empty"),
            (b"\x89PNG\r\n\x1a\n0000", "sales.csv", "is an image, not a table"),
            (b"week,sales,tv_spend\n", "head.csv", "no data below row 1"),
        ],
    )
    def test_what_is_no_table_gets_one_plain_sentence(self, app_as, installation, content, name, said):
        app = upload(app_as("engineer", "data"), content, name)
        assert said in texts(app.error)
        app.run()
        refused = [e for e in installation.services.audit.events(installation.actor("auditor")) if e.action == "upload"]
        assert len(refused) == 1
        assert installation.services.datasets.list(installation.actor("analyst")) == ()

    def test_the_questions_are_asked_and_nothing_is_chosen_for_the_person(self, app_as):
        app = upload(app_as("analyst", "data"))
        assert "leaves 3 questions that only you can answer" in texts(app.title)
        assert [radio.value for radio in app.radio] == [None, None, None]
        assert button(app, "Save").disabled

    def test_what_stands_in_the_way_is_placed_once(self, app_as):
        wrong = b"\r\n17.07.2023;viel;1,0;2,0;3,0;0;x;a@example.org"
        app = upload(app_as("analyst", "data"), messy_csv() + wrong)
        said = texts(app.error)
        assert "“viel” is not a number" in said
        assert said.count("Row 83") == 1

    def test_answered_and_saved_it_is_a_data_set_without_its_personal_column(self, app_as, installation):
        app = answer_all(upload(app_as("analyst", "data")))
        assert "is ready to be saved: 80 weeks of 3 channels" in texts(app.title)
        labelled(app.text_input, "Name of the data set").set_value("Shop [x](e.org)").run()
        button(app, "Save").click().run()
        assert not app.exception
        assert "Saved as version 1 of “Shop [x](e.org)”" in texts(app.success)
        actor = installation.actor("analyst")
        (dataset,) = installation.services.datasets.list(actor)
        assert "E-Mail" not in installation.services.datasets.as_read(actor, dataset.latest.id).columns
        assert "data_upload" not in app.session_state
        assert "desk_" not in repr(app.session_state)

    def test_names_from_the_file_are_shown_as_they_are(self, app_as):
        app = upload(app_as("analyst", "data"))
        assert "<b>" not in app.title[0].value.replace("\\<b\\>", "")
        assert "[x](" not in app.title[0].value

    def test_the_work_survives_a_visit_to_another_page(self, app_as):
        from tests.conftest import ROOT

        app = answer_all(upload(app_as("analyst", "data")))
        meaning = labelled(app.selectbox, f"Meaning of {COLUMNS[5]}")
        meaning.set_value(Meaning.PREDICTOR).run()
        app.switch_page(str(ROOT / "pages" / "account.py")).run()
        app.switch_page(str(ROOT / "pages" / "data.py")).run()
        assert "is ready to be saved" in texts(app.title)
        assert labelled(app.selectbox, f"Meaning of {COLUMNS[5]}").value == Meaning.PREDICTOR

    def test_a_column_may_be_made_something_else(self, app_as):
        app = answer_all(upload(app_as("analyst", "data")))
        labelled(app.selectbox, "Meaning of Plakat Kosten").set_value(Meaning.UNUSED).run()
        assert "80 weeks of 2 channels" in texts(app.title)
        labelled(app.selectbox, "Meaning of Umsatz (€)").set_value(Meaning.UNUSED).run()
        assert "Exactly one column is the KPI" in texts(app.warning)

    def test_a_second_file_continues_the_data_set(self, app_as, installation):
        first = save_one(installation)
        app = app_as("analyst", "data")
        button(app, "Upload a file").click().run()
        upload(app, messy_csv(weeks=90), "later.csv")
        assert "is ready to be saved: 90 weeks" in texts(app.title)  # answered as in the version before
        assert labelled(app.selectbox, "Save as").value == first.dataset_id
        button(app, "Save").click().run()
        assert "Saved as version 2 of “Shop”" in texts(app.success)

    def test_the_same_file_again_is_not_stored_twice(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "data")
        button(app, "Upload a file").click().run()
        upload(app, messy_csv(), "weeks.csv")
        button(app, "Save").click().run()
        assert "holds exactly this already" in texts(app.success)

    def test_another_sheet_of_a_workbook_is_another_table(self, app_as):
        app = upload(app_as("analyst", "data"), workbook(), "plan.xlsx")
        assert "is ready to be saved: 40 weeks of 1 channel" in texts(app.title)
        labelled(app.selectbox, "Sheet").set_value("South").run()
        assert not app.exception
        assert "is ready to be saved: 60 weeks of 1 channel" in texts(app.title)
        assert "sheet “South”" in texts(app.caption)

    def test_a_count_may_be_given_a_value_and_a_margin(self, app_as, installation):
        app = answer_all(upload(app_as("analyst", "data")))
        app.get("button_group")[0].set_value(KpiKind.UNITS).run()
        labelled(app.number_input, "Value of one unit, EUR").set_value(12.5).run()
        labelled(app.number_input, "Margin, % of revenue").set_value(35.0).run()
        button(app, "Save").click().run()
        assert not app.exception
        actor = installation.actor("analyst")
        (dataset,) = installation.services.datasets.list(actor)
        panel = installation.services.datasets.panel(actor, dataset.latest.id)
        assert panel.kpi_kind is KpiKind.UNITS
        assert panel.value_per_kpi[0, 0] == 12.5
        assert panel.margin == 0.35

    def test_discarding_leaves_nothing(self, app_as, installation):
        app = upload(app_as("analyst", "data"))
        button(app, "Discard this upload").click().run()
        assert "There are no data yet" in texts(app.title)
        assert installation.services.datasets.list(installation.actor("analyst")) == ()

    def test_a_stored_data_set_shows_its_checks_and_versions(self, app_as, installation):
        save_one(installation)
        app = app_as("engineer", "data")
        assert "“Shop” reaches to" in texts(app.title)
        assert [metric.value for metric in app.metric][:2] == ["80", "3"]
        assert not [b for b in app.button if b.label == "Train on these data"]

    @pytest.mark.shared
    @pytest.mark.skipif(not SHARED.is_dir(), reason="the example files beside the project are not here")
    @pytest.mark.parametrize(
        ("file", "said"),
        [
            ("pymc_mmm_example.csv", "is ready to be saved: 179 weeks of 2 channels"),
            ("meridian_geo_media.csv", "is ready to be saved: 156 weeks of 4 channels in 20 markets"),
            ("fpp2_insurance_tv_monthly.csv", "is ready to be saved: 40 months of 1 channel"),
            ("export_google_ads_campaign_daily.csv", "cannot be used as it is"),
            ("export_meta_ads_campaign_daily.csv", "cannot be used as it is"),
            ("geolift_pretest.csv", "1 point about its columns"),
        ],
    )
    def test_real_files_are_understood_or_answered(self, app_as, file, said):
        app = upload(app_as("analyst", "data"), (SHARED / file).read_bytes(), file)
        assert said in texts(app.title)


class TestTrain:
    def test_without_data_it_leads_to_the_data_page(self, app_as):
        app = app_as("analyst", "train")
        assert "no data to train on" in texts(app.markdown)

    @pytest.mark.parametrize("role", ["engineer", "admin"])
    def test_who_may_not_train_sees_no_form(self, app_as, installation, role):
        save_one(installation)
        app = app_as(role, "train")
        assert not app.exception
        assert not [b for b in app.button if b.label == "Train"]

    def test_pressing_train_queues_one_job_and_a_second_press_says_so(self, app_as, installation):
        version = save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        assert not app.exception
        assert "is under way" in texts(app.title)
        (job,) = installation.services.jobs.list(installation.actor("analyst"))
        assert job.params["dataset_version_id"] == version.id
        button(app, "Train").click().run()
        assert "waits for its turn already" in texts(app.warning)

    def test_a_waiting_training_is_cancelled_by_its_button(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        button(app, "Cancel").click().run()
        assert not app.exception
        (job,) = installation.services.jobs.list(installation.actor("analyst"))
        assert job.status is JobStatus.CANCELLED

    def test_an_interrupted_training_is_offered_again(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        with installation.services.unit_of_work() as uow:
            (row,) = uow.jobs.live()
            uow.jobs.claim(row.id, row.created_at)
            uow.jobs.finish(row.id, 1, JobStatus.INTERRUPTED, row.created_at, error="Its process stopped. Try again.")
            uow.commit()
        app = app_as("analyst", "train")
        assert "was interrupted: Its process stopped" in texts(app.warning)
        assert "interrupted" in list(app.dataframe[0].value["Outcome"])
        button(app, "Try again").click().run()
        assert not app.exception
        (job,) = installation.services.jobs.list(installation.actor("analyst"))
        assert job.status is JobStatus.QUEUED

    def test_watching_does_not_count_as_being_at_work(self, app_as, installation, monkeypatch):
        from mmm.services.accounts import Accounts
        from mmm.web import training_view

        save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        asked, original = [], Accounts.actor_for

        def spy(self, token, *, extend=True):
            asked.append(extend)
            return original(self, token, extend=extend)

        monkeypatch.setattr(Accounts, "actor_for", spy)
        monkeypatch.setattr(training_view.st, "fragment", lambda function, run_every: function)
        app.run()
        assert asked.count(True) == 2  # the router and the guard of the page; everything else only looks
        assert False in asked


class TestModels:
    def test_without_models_it_leads_to_the_train_page(self, app_as):
        assert "no models yet" in texts(app_as("analyst", "models").title)

    def test_from_training_to_publishing_and_rolling_back(self, app_as, installation):
        train(installation, save_one(installation), seeds=(0, 1))
        app = app_as("analyst", "train")
        assert "Ridge is recommended for “Shop”" in texts(app.title)
        assert "Plain regression" in list(app.dataframe[0].value["Model"])
        publish(app, "Publish model 2 (Ridge)")
        app = app_as("analyst", "models")
        assert not app.exception
        assert app.selectbox[0].options[0].startswith("Model 2 (Ridge)")
        app.selectbox[0].set_value(model_ids(installation)[1]).run()
        publish(app, "Publish model 1 (Ridge)")
        assert "Model 1 (Ridge) answers for “Shop” from now on" in texts(app.success)
        button(app, "Roll back to model 2 (Ridge)").click().run()
        button(app, "Roll back now").click().run()
        assert not app.exception
        assert champion(installation).number == 2

    def test_past_a_failed_check_a_reason_is_needed_and_kept(self, app_as, installation):
        train(installation, save_one(installation), seeds=(0,))
        fail_health(installation)
        app = app_as("analyst", "models")
        button(app, "Publish model 1 (Ridge)").click().run()
        assert "It failed" in texts(app.error)
        button(app, "Publish now").click().run()
        assert "write down why" in texts(app.error)
        assert champion(installation) is None
        app.text_area[0].set_value("A launch explains it.").run()
        button(app, "Publish now").click().run()
        assert champion(installation).number == 1
        actor = installation.actor("analyst")
        (dataset,) = installation.services.datasets.list(actor)
        assert installation.services.models.history(actor, dataset.id)[0].reason == "A launch explains it."


def workbook():
    """Two sheets of weeks, 40 and 60."""
    from io import BytesIO

    from openpyxl import Workbook

    book = Workbook()
    for name, weeks in (("North", 40), ("South", 60)):
        sheet = book.active if name == "North" else book.create_sheet()
        sheet.title = name
        sheet.append(["week", "sales", "tv_spend"])
        for week in range(weeks):
            sheet.append([date(2023, 1, 2) + timedelta(weeks=week), 1000 + week % 7, 50 + week % 5])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def train(installation, version, seeds):
    """Train ridge for real, in this process."""
    actor, kit = installation.actor("analyst"), make_kit(installation.settings)
    for seed in seeds:
        installation.services.training.submit(actor, version.id, TrainingRequest(("ridge",), seed=seed))
    endings = InlineExecutor(Workshop(SqlLedger(kit.database, kit.clock), bodies(kit))).drain()
    kit.database.close()
    assert endings == ["done"] * len(seeds)


def publish(app, label):
    button(app, label).click().run()
    button(app, "Publish now").click().run()
    assert not app.exception
    assert not app.error


def model_ids(installation):
    actor = installation.actor("analyst")
    (dataset,) = installation.services.datasets.list(actor)
    return [model.id for model in installation.services.models.list(actor, dataset.id)]


def champion(installation):
    actor = installation.actor("analyst")
    (dataset,) = installation.services.datasets.list(actor)
    return installation.services.models.champion(actor, dataset.id)


def fail_health(installation):
    """As if a check of the only model had failed."""
    workspace, (model_id,) = installation.actor("analyst").workspace_id, model_ids(installation)
    with installation.services.unit_of_work() as uow:
        row = uow.models.get(workspace, model_id)
        row.status = "fail"
        row.health = {
            "status": "fail",
            "checks": [
                {"code": "x", "title": "Plausible baseline", "status": "fail", "finding": "No.", "remedy": "Look."}
            ],
        }
        uow.commit()
