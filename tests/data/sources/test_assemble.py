from dataclasses import replace
from datetime import date

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from mmm.data.build import build_panel
from mmm.data.findings import Question, Severity
from mmm.data.mapping import guess_mapping
from mmm.data.read import read_table
from mmm.data.sources.assemble import Assembly, answer_recipe, assemble
from mmm.data.sources.source import Layout, Recipe, Source
from mmm.errors import DataError
from tests.data.sources.files import MONDAY, days, file, numbers, total

N = 30
META_HEAD = "Campaign name,Day,Amount spent (USD),Impressions,Link clicks,Purchases,Reporting starts,Reporting ends"


def meta(n=7 * N, first=MONDAY, spend="1.25"):
    lines = [f"Prospecting,{day},{spend},100,7,1,{day},{day}" for day in days(n, first)]
    return read_table("meta.csv", "\n".join([META_HEAD, *lines]).encode())


def sales(n=N, **columns):
    return file({"week": days(n, step=7), "sales": [1000 + i for i in range(n)], **columns})


def answered(tables, *, choose=lambda question: question.options[0], rounds=12) -> tuple[Assembly, int]:
    recipe = None
    for asked in range(rounds):
        assembly = assemble(tables, recipe)
        if not assembly.questions:
            return assembly, asked
        recipe = assembly.recipe
        for question in assembly.questions:
            recipe = answer_recipe(recipe, question, choose(question))
    raise AssertionError("the questions do not end")


def codes(assembly):
    return [finding.code for finding in assembly.findings]


def test_one_plain_table_is_passed_on_as_it_is():
    raw = sales(tv_spend=range(N))
    assembly = assemble([raw])
    assert assembly.table is raw
    assert assembly.findings == assembly.questions == ()
    assert assembly.recipe.sources[0].layout is Layout.TABLE


def test_no_file_is_refused():
    with pytest.raises(DataError, match="no file"):
        assemble([])


def test_an_export_meets_the_sales_on_their_weeks():
    assembly = assemble([sales(), meta()])
    assert assembly.table.columns == (
        "week",
        "sales",
        "Meta spend",
        "Meta impressions",
        "Meta clicks",
        "Meta Ads conversions",
    )
    assert total(assembly.table, "Meta spend") == 1.25 * 7 * N
    assert assembly.totals[1]["Amount spent (USD)"] == 1.25 * 7 * N
    assert assembly.totals[0]["sales"] == sum(1000 + i for i in range(N))
    assert assembly.made_of["Meta spend"] == (1,)
    assert assembly.recipe.kpi == "sales"
    assert assembly.recipe.currency == "USD"


def test_the_table_becomes_a_panel():
    table = assemble([sales(), meta()]).table
    panel = build_panel(table, replace(guess_mapping(table), kpi="sales")).panel
    assert panel.labels.channels == ("Meta",)
    assert panel.spend.sum() == pytest.approx(1.25 * 7 * N)


def test_a_recipe_is_used_again_for_the_next_upload():
    first = assemble([sales(), meta()])
    again = assemble([sales(), meta()], Recipe.from_json(first.recipe.to_json()))
    assert again.recipe == first.recipe
    assert again.table.frame.equals(first.table.frame)


def test_a_file_with_other_columns_than_the_recipe_is_looked_at_afresh_and_that_is_said():
    recipe = assemble([meta(), sales()]).recipe
    assembly = assemble([sales(), meta()], recipe)
    assert assembly.recipe.sources[1].platform == "meta_ads"
    told = [finding.message for finding in assembly.findings if finding.code == "recognised_again"]
    assert told[0].startswith("sales.csv has no column “Day”")
    assert assembly.table is not None


def test_a_file_more_than_the_recipe_knows_is_recognised():
    recipe = assemble([sales()]).recipe
    assert assemble([sales(), meta()], recipe).recipe.sources[1].platform == "meta_ads"


def test_two_files_of_one_platform_keep_labels_of_their_own():
    assembly = assemble([sales(), meta(), meta()])
    assert [source.label for source in assembly.recipe.sources] == ["sales", "Meta Ads", "Meta Ads 2"]
    assert {"Meta spend (Meta Ads)", "Meta spend (Meta Ads 2)"} <= set(assembly.table.columns)


def test_a_files_own_refusal_comes_with_the_joined_table():
    broken = read_table("sales.csv", b"week,sales\n2024-01-01,1,9\n2024-01-08,2\n2024-01-15,3\n")
    assembly = assemble([broken, meta(21)])
    assert any(finding.code == "long_row" for finding in assembly.table.findings)


def test_universal_time_stamps_are_asked_about_once_and_cut_into_local_days():
    lines = [f"{i},{day}T23:30:00Z,10.00" for i, day in enumerate(days(28))] + ["99,2024-01-01T08:00:00Z,10.00"]
    orders = read_table("orders.csv", "\n".join(["order_id,created_at,total", *lines]).encode())
    assembly = assemble([orders])
    (question,) = assembly.questions
    assert question.code == "time_zone:0"
    assert assembly.table is None
    local = assemble([orders], answer_recipe(assembly.recipe, question, "Europe/Berlin"))
    assert local.table.frame.iloc[0].tolist()[:2] == ["2024-01-01", "10"]
    assert local.table.frame.iloc[1].tolist()[:2] == ["2024-01-02", "10"]
    utc = assemble([orders], answer_recipe(assembly.recipe, question, "UTC"))
    assert utc.table.frame.iloc[0].tolist()[:2] == ["2024-01-01", "20"]


def test_dates_that_read_two_ways_are_asked_about_by_source():
    weeks = file({"week": [day.strftime("%d/%m/%Y") for day in days(3, date(2024, 1, 1), 1)], "sales": [1, 2, 3]})
    assembly = assemble([meta(), weeks])
    assert [(q.code, q.mapping_field) for q in assembly.questions] == [("date_order:1", "sources.1.date_order")]
    assert answer_recipe(assembly.recipe, assembly.questions[0], "dmy").sources[1].date_order == "dmy"


def test_sunday_weeks_beside_days_are_asked_about_unless_the_heading_says():
    sundays = days(N, date(2024, 1, 7), 7)
    assembly = assemble([file({"week": sundays, "sales": range(N)}), meta()])
    (question,) = assembly.questions
    assert (question.code, question.options) == ("dated_at_end:0", ("first day", "last day"))
    last = answer_recipe(assembly.recipe, question, "last day")
    assert last.sources[0].dated_at_end is True
    assert assemble([file({"week": sundays, "sales": range(N)}), meta()], last).table.frame["week"][1] == "2024-01-01"
    first = answer_recipe(assembly.recipe, question, "first day")
    assert assemble([file({"week": sundays, "sales": range(N)}), meta()], first).questions == ()
    assert assemble([file({"week ending": sundays, "sales": range(N)}), meta()]).questions == ()


def test_rates_alone_are_refused():
    rates = file({"date": days(5), "currency": ["USD"] * 5, "rate": [0.9] * 5}, "rates.csv")
    assembly = assemble([rates])
    assert assembly.table is None
    assert "only_rates" in codes(assembly)


class TestAnswers:
    recipe = Recipe((Source("a.csv"), Source("b.csv")))

    @pytest.mark.parametrize(
        ("place", "option", "read"),
        [
            ("currency", "EUR", lambda recipe: recipe.currency),
            ("kpi", "sales", lambda recipe: recipe.kpi),
            ("fill.a.b", "share", lambda recipe: recipe.fill["a.b"]),
            ("sources.1.time_zone", "UTC", lambda recipe: recipe.sources[1].time_zone),
            ("sources.0.duplicates", "sum", lambda recipe: recipe.sources[0].duplicates),
            ("sources.1.missing", "zero", lambda recipe: recipe.sources[1].missing),
        ],
    )
    def test_an_answer_goes_to_its_place(self, place, option, read):
        question = Question("any", "?", (option, "other"), place)
        assert read(answer_recipe(self.recipe, question, option)) == option

    def test_a_weekday_is_read_by_its_name(self):
        question = Question("week_start:0", "?", ("Monday", "Sunday"), "sources.0.week_start")
        assert answer_recipe(self.recipe, question, "Sunday").sources[0].week_start == 6

    def test_an_answer_that_was_no_option_is_refused(self):
        with pytest.raises(DataError, match="no answer"):
            answer_recipe(self.recipe, Question("kpi", "?", ("a",), "kpi"), "b")

    @pytest.mark.parametrize("place", ["sources.7.currency", "sources.0.nothing", "elsewhere", "sources.x.label"])
    def test_a_place_that_does_not_exist_is_refused(self, place):
        with pytest.raises(DataError, match="No question"):
            answer_recipe(self.recipe, Question("odd", "?", ("a",), place), "a")


def test_ten_megabytes_of_rows_do_not_lose_a_cent():
    lines = [f"Prospecting {i % 40},{day},{i % 97}.{i % 10}1,1,1,0,{day},{day}" for i in range(40) for day in days(210)]
    table = read_table("meta.csv", "\n".join([META_HEAD, *lines]).encode())
    assembly, _ = answered([sales(), table])
    spent = sum(total(assembly.table, name) for name in assembly.table.columns if name.endswith("spend"))
    assert spent == pytest.approx(assembly.totals[1]["Amount spent (USD)"], abs=0.005)


kinds = st.sampled_from(
    ["weekly", "sunday", "daily", "monthly", "quarterly", "meta", "orders", "rates", "mixed", "twice"]
)


def _made(kind: str, at: int):
    name = f"{kind}{at}.csv"
    match kind:
        case "weekly":
            return file({"week": days(N, step=7), "sales": range(1, N + 1)}, name)
        case "sunday":
            return file({"week": days(N, date(2024, 1, 7), 7), "tv_spend": range(N)}, name)
        case "daily":
            return file({"date": days(100), "radio_spend": ["", *range(99)], "price": range(100)}, name)
        case "monthly":
            return file({"month": ["2024-01", "2024-02", "2024-03", "2024-04"], "print_cost": [1, 2, 3, 4]}, name)
        case "quarterly":
            return file({"quarter": ["2023-Q4", "2024-Q1", "2024-Q2"], "cpi_index": [1, 2, 3]}, name)
        case "orders":
            cells = {"order_id": range(90), "created_at": [f"{day}T23:00:00Z" for day in days(45) * 2]}
            return file({**cells, "total": [9.99] * 90, "currency": ["EUR", "GBP"] * 45}, name)
        case "rates":
            return file({"date": days(3, step=60), "currency": ["USD"] * 3, "rate": [0.9] * 3}, name)
        case "mixed":
            return file({"date": days(60), "tv_eur": range(60), "meta_usd": range(60)}, name)
        case "twice":
            return file({"week": days(20, step=7) * 2, "revenue": range(40)}, name)
        case _:
            return meta(90, date(2024, 1, 3))


@settings(max_examples=80, deadline=None)
@given(st.lists(kinds, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_answering_every_question_leads_to_a_table_or_a_refusal(chosen, random):
    tables = [_made(kind, at) for at, kind in enumerate(chosen)]
    assembly, _ = answered(tables, choose=lambda question: random.choice(question.options))
    refused = any(finding.severity is Severity.REFUSE for finding in assembly.findings)
    assert (assembly.table is None) == refused
    assert len({question.code for question in assembly.questions}) == len(assembly.questions)
    if assembly.table is not None and len(tables) > 1:
        assert all(numbers(assembly.table, name) is not None for name in assembly.made_of)


def test_months_beside_days_of_a_report_keep_their_figures():
    monthly = file({"month": [date(2024, 1 + i, 1) for i in range(9)], "sales": [1000 + i for i in range(9)]})
    assembly, _ = answered([monthly, meta(n=250, first=date(2024, 1, 1))])
    assert total(assembly.table, "sales") == sum(1000 + i for i in range(9))
