from dataclasses import replace

from mmm.data.mapping import guess_mapping
from mmm.data.read import read_table
from mmm.data.sources.assemble import answer_recipe, assemble
from tests.data.sources.files import MONDAY, days, file, numbers
from tests.data.sources.test_assemble import N, meta, sales


def ga4(n=7 * N):
    head = "Date,Session default channel group,Sessions,Key events,Total revenue"
    lines = [f"{day},{channel},50,2,40.00" for day in days(n, MONDAY) for channel in ("Direct", "Paid Search")]
    return read_table("ga4.csv", "\n".join([head, *lines]).encode())


def told(assembly):
    return [finding.message for finding in assembly.findings if finding.code.startswith("same_sales")]


def test_own_sales_beside_what_a_platform_claims_are_clear():
    shop = file(
        {"week": days(N, step=7), "revenue": [1000 + i for i in range(N)], "orders": [10 + i % 3 for i in range(N)]}
    )
    assembly = assemble([shop, meta()])
    assert assembly.questions == ()
    assert assembly.recipe.kpi == "revenue"
    (message,) = told(assembly)
    assert "“Meta Ads conversions” (210.00) and “orders” (330.00) count the same sales" in message
    assert "64" in message
    assert "never added" in message


def test_own_sales_beside_the_analytics_are_clear_and_compared():
    assembly = assemble([sales(), ga4()])
    assert assembly.questions == ()
    assert assembly.recipe.kpi == "sales"
    assert any("revenue" in message for message in told(assembly))


def test_two_files_of_own_sales_are_asked_about():
    till = file({"week": days(N, step=7), "store_revenue": range(N)}, "till.csv")
    assembly = assemble([sales(), till, meta()])
    (question,) = assembly.questions
    assert (question.code, question.mapping_field) == ("kpi", "kpi")
    assert question.options[:2] == ("sales", "store_revenue")
    again = assemble([sales(), till, meta()], answer_recipe(assembly.recipe, question, "store_revenue"))
    assert again.recipe.kpi == "store_revenue"
    assert again.table is not None


def test_nothing_is_added_up_across_claims():
    table = assemble([sales(), meta()]).table
    assert numbers(table, "sales") == [1000 + i for i in range(N)]


def test_what_platforms_claim_is_never_the_kpi_by_itself():
    assembly = assemble([meta()])
    assert assembly.questions == ()
    assert assembly.recipe.kpi is None
    (told_,) = [finding for finding in assembly.findings if finding.code == "no_own_sales"]
    assert "(“Meta Ads conversions”)" in told_.message
    assert guess_mapping(assembly.table).kpi == ""


def test_a_claim_that_a_person_chose_stays_the_kpi():
    again = assemble([meta()], replace(assemble([meta()]).recipe, kpi="Meta Ads conversions"))
    assert again.recipe.kpi == "Meta Ads conversions"
    assert "no_own_sales" not in {finding.code for finding in again.findings}


def test_conversions_by_channel_in_a_long_table_are_claims():
    lines = [
        f"{day},{channel},10,{i % 5 + len(channel)}"
        for i, day in enumerate(days(N, step=7))
        for channel in ("TV", "Search")
    ]
    table = assemble([read_table("long.csv", "\n".join(["week,channel,spend,conversions", *lines]).encode())]).table
    assert "claimed conversions" in table.columns
    assert guess_mapping(table).kpi == ""


def test_conversions_that_rows_repeat_are_the_companys_own():
    lines = [f"{day},{channel},10,{i % 5}" for i, day in enumerate(days(N, step=7)) for channel in ("TV", "Search")]
    assembly = assemble([read_table("long.csv", "\n".join(["week,channel,spend,conversions", *lines]).encode())])
    assert "conversions" in assembly.table.columns
    assert "no_own_sales" not in {finding.code for finding in assembly.findings}


def test_the_analytics_are_the_kpi_where_nothing_better_is_there():
    assembly = assemble([meta(), ga4()])
    assert assembly.questions == ()
    assert assembly.recipe.kpi == "GA4 revenue"
    assert "analytics_kpi" in {finding.code for finding in assembly.findings}


def test_one_source_of_sales_leaves_nothing_to_say():
    assembly = assemble([sales(), file({"week": days(N, step=7), "tv_spend": range(N)}, "tv.csv")])
    assert told(assembly) == []
    assert assembly.recipe.kpi is None
