"""An upload on the Data page through the router, from an empty page to a stored version."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mmm.data.panel import KpiKind
from mmm.web.data_columns import Meaning
from tests.messy import COLUMNS, messy_csv
from tests.web.data_steps import SHARED, answer_all, button, labelled, save_one, texts, upload, workbook


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

    def test_advertising_without_sales_waits_for_a_kpi(self, app_as):
        head = "Campaign name,Day,Amount spent (EUR),Impressions,Link clicks,Purchases"
        first = date(2025, 1, 6)
        rows = [f"Spring,{first + timedelta(days=day)},{50 + day % 7}.00,1000,20,3" for day in range(210)]
        app = upload(app_as("analyst", "data"), "\n".join([head, *rows]).encode(), "meta.csv")
        assert not app.exception
        assert "Exactly one column is the KPI; no column is at the moment" in texts(app.warning)

    def test_two_counts_of_sales_are_asked_about_and_columns_and_answer_agree(self, app_as):
        head = "week,online_revenue,store_revenue,tv_spend"
        first = date(2025, 1, 6)
        rows = [f"{first + timedelta(7 * i)},{900 + i % 7},{700 + i % 11},{50 + i % 5}" for i in range(30)]
        app = upload(app_as("analyst", "data"), "\n".join([head, *rows]).encode(), "shop.csv")
        assert "leaves 1 question that only you can answer" in texts(app.title)
        app.radio[0].set_value("store_revenue").run()
        assert "is ready to be saved: 30 weeks of 1 channel" in texts(app.title)
        assert labelled(app.selectbox, "Meaning of store_revenue").value == Meaning.KPI
        assert labelled(app.selectbox, "Meaning of online_revenue").value == Meaning.UNUSED
        labelled(app.selectbox, "Meaning of online_revenue").set_value(Meaning.KPI).run()
        labelled(app.selectbox, "Meaning of store_revenue").set_value(Meaning.UNUSED).run()
        assert not app.exception
        assert "is ready to be saved: 30 weeks of 1 channel" in texts(app.title)
        assert app.radio[0].value == "online_revenue"

    def test_a_second_file_continues_the_data_set(self, app_as, installation):
        first = save_one(installation)
        app = app_as("analyst", "data")
        button(app, "Upload files").click().run()
        upload(app, messy_csv(weeks=90), "later.csv")
        assert "is ready to be saved: 90 weeks" in texts(app.title)  # answered as in the version before
        assert labelled(app.selectbox, "Save as").value == first.dataset_id
        button(app, "Save").click().run()
        assert "Saved as version 2 of “Shop”" in texts(app.success)

    def test_the_same_file_again_is_not_stored_twice(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "data")
        button(app, "Upload files").click().run()
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
            ("export_google_ads_campaign_daily.csv", "1 point about the columns to settle"),
            ("export_meta_ads_campaign_daily.csv", "1 point about the columns to settle"),
            ("geolift_pretest.csv", "1 point about the columns to settle"),
        ],
    )
    def test_real_files_are_understood_or_answered(self, app_as, file, said):
        app = upload(app_as("analyst", "data"), (SHARED / file).read_bytes(), file)
        assert said in texts(app.title)
