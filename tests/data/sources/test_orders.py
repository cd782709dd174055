"""Orders counted once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mmm.data.sources.assemble import assemble
from mmm.data.sources.recognise import recognise
from mmm.data.sources.source import Layout, Measure, Recipe
from mmm.data.sources.widen import Widened, widen
from tests.data.sources.exports import raw, shopify

DAY = "2026-03-02 23:30:00 +0100"


def counted(text: str, **changes: object) -> Widened:
    table = raw(text, "orders.csv")
    return widen(table, replace(recognise(table), **changes))


def series(result: Widened) -> dict[str, list[str]]:
    return {str(column): result.table.frame[column].tolist() for column in result.table.frame}


def messages(result: Widened) -> dict[str, str]:
    return {finding.code: finding.message for finding in result.findings}


class TestShopify:
    def test_an_order_of_several_items_is_counted_once(self):
        result = counted(shopify(f"#1,paid,100.00,{DAY},1,,card,0.00", f"#1,,,{DAY},2,,,"))
        assert series(result) == {
            "Created at": ["2026-03-02"],
            "Shopify revenue": ["100"],
            "Shopify units": ["3"],
            "Shopify orders": ["1"],
        }

    def test_a_total_on_every_row_is_counted_once(self):
        result = counted(shopify(f"#1,paid,100.00,{DAY},1,,card,0.00", f"#1,paid,100.00,{DAY},2,,card,0.00"))
        assert (series(result)["Shopify revenue"], result.totals["Total"]) == (["100"], 100.0)

    def test_voided_cancelled_refunded_and_test_orders_are_left_out_and_said(self):
        result = counted(
            shopify(
                f"#1,paid,1.00,{DAY},1,,card,0.00",
                f"#2,voided,2.00,{DAY},1,,card,0.00",
                f"#3,paid,4.00,{DAY},1,{DAY},card,0.00",
                f"#4,refunded,8.00,{DAY},1,,card,8.00",
                f"#5,paid,16.00,{DAY},1,,Bogus Gateway,0.00",
            )
        )
        assert (series(result)["Shopify revenue"], series(result)["Shopify orders"]) == (["1"], ["1"])
        assert messages(result) == {
            "voided_orders": "1 voided order (Total 2.00) left out.",
            "cancelled_orders": "1 cancelled order (Total 4.00) left out.",
            "refunded_orders": "1 refunded order (Total 8.00) left out.",
            "test_orders": "1 test order (Total 16.00) left out.",
        }

    def test_a_partial_refund_is_taken_off(self):
        result = counted(shopify(f"#1,partially_refunded,80.00,{DAY},1,,card,30.00"))
        assert series(result)["Shopify revenue"] == ["50"]
        assert messages(result)["refunds"] == "1 order partly paid back: 30.00 was taken off."

    def test_orders_not_paid_yet_count_and_are_said(self):
        result = counted(shopify(f"#1,pending,7.00,{DAY},1,,card,0.00"))
        assert series(result)["Shopify revenue"] == ["7"]
        assert "open_orders" in messages(result)

    def test_an_order_counts_on_the_day_of_the_shop(self):
        assert series(counted(shopify(f"#1,paid,7.00,{DAY},1,,card,0.00")))["Created at"] == ["2026-03-02"]

    def test_nothing_but_voided_orders_is_refused(self):
        result = counted(shopify(f"#2,voided,2.00,{DAY},1,,card,0.00"))
        assert "no row with a date that counts" in messages(result)["source"]


class TestOtherShops:
    HEADER = "Order ID,Order Date,Status,Quantity,{}\n"

    def test_a_repeated_order_total_is_counted_once(self):
        text = self.HEADER.format("Order Total") + "1,2026-03-02,completed,1,9.50\n1,2026-03-02,completed,2,9.50\n"
        result = counted(text + "2,2026-03-02,completed,1,3.00\n3,2026-03-02,completed,1,1.00\n")
        assert series(result)["revenue"] == ["13.5"]
        assert series(result)["units"] == ["5"]

    def test_amounts_of_items_are_added_up(self):
        text = self.HEADER.format("Amount") + "1,2026-03-02,completed,1,9.50\n1,2026-03-02,completed,2,4.00\n"
        assert series(counted(text + "2,2026-03-02,completed,1,3.00\n"))["revenue"] == ["16.5"]

    def test_rows_without_a_number_are_orders_of_their_own_and_said(self):
        text = self.HEADER.format("Order Total") + "1,2026-03-02,completed,1,9.50\n,2026-03-02,completed,1,2.00\n"
        result = counted(text + ",2026-03-02,completed,1,2.00\n2,2026-03-02,completed,1,1.00\n")
        assert series(result)["orders"] == ["4"]
        assert messages(result)["no_order_number"].startswith("2 rows without an order number, first row 3")

    def test_failed_orders_are_left_out(self):
        text = self.HEADER.format("Order Total") + "1,2026-03-02,completed,1,9.50\n2,2026-03-02,Failed,1,2.00\n"
        assert series(counted(text))["revenue"] == ["9.5"]


@given(
    orders=st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 5), st.integers(0, 500_000), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    shuffled=st.randoms(use_true_random=False),
)
def test_any_number_of_item_rows_counts_each_order_once(orders, shuffled):
    lines = []
    for number, (day, items, cents, everywhere) in enumerate(orders):
        stamp = f"{date(2026, 1, 1) + timedelta(days=day)} 10:00:00 +0100"
        total = f"{Decimal(cents) / 100:.2f}"
        lines += [
            f"#{number},paid,{total if item == 0 or everywhere else ''},{stamp},1,,card,0.00" for item in range(items)
        ]
    shuffled.shuffle(lines)
    result = counted(shopify(*lines))
    found = series(result)
    assert sum(map(Decimal, found["Shopify revenue"])) == sum(Decimal(cents) for _, _, cents, _ in orders) / 100
    assert sum(map(int, found["Shopify orders"])) == len(orders)
    assert sum(map(int, found["Shopify units"])) == sum(items for _, items, _, _ in orders)


def test_orders_without_a_column_of_numbers_are_a_row_each():
    table = raw("date,total\n2026-03-02,5\n2026-03-02,6\n", "till.csv")
    source = replace(recognise(table), layout=Layout.ORDERS, label="Till", measures={"total": Measure.REVENUE})
    assert series(widen(table, source)) == {"date": ["2026-03-02"], "revenue": ["11"], "orders": ["2"]}


ITEMS = "order id,date,total,currency\n" + "\n".join(
    f"{100 + order},{date(2026, 3, 2) + timedelta(days=order // 3)},{10 + order}.50,USD\n{100 + order},,,\n"
    f"{100 + order},,{repeated},"
    for order in range(30)
    for repeated in [f"{10 + order}.50" if order % 2 else ""]
)
TOTAL = sum(10.5 + order for order in range(30))


class TestFurtherRows:
    def test_the_further_rows_of_an_order_take_its_date(self):
        assembly = assemble([raw(ITEMS, "orders.csv")])
        assert "undated_row" not in {finding.code for finding in assembly.findings}
        assert assembly.totals[0]["total"] == TOTAL
        assert [len(assembly.table.frame), assembly.table.frame["orders"].unique().tolist()] == [10, ["3"]]

    def test_an_order_without_any_date_is_still_left_out_and_said(self):
        assembly = assemble([raw(ITEMS + "\n999,,5.00,USD", "orders.csv")])
        assert [f.row for f in assembly.findings if f.code == "undated_row"] == [92]

    def test_a_foreign_total_counts_each_order_once(self):
        tables = [raw(ITEMS + "\n998,2026-03-09,4.00,EUR", "orders.csv"), raw(RATES, "rates.csv")]
        converted = assemble(tables, replace(assemble(tables).recipe, currency="EUR"))
        assert converted.totals[0]["total (USD)"] == TOTAL
        assert sum(map(float, converted.table.frame["revenue"])) == TOTAL / 2 + 4

    def test_refunds_are_converted_with_the_amounts_they_are_taken_off(self):
        orders = shopify(f"#1,paid,100.00,{DAY},1,,card,30.00", f"#2,paid,10.00,{DAY},1,,card,0.00")
        rates = raw(RATES.replace("USD,0.5", "EUR,2"), "rates.csv")
        converted = assemble([raw(orders), rates], Recipe((recognise(raw(orders)), recognise(rates)), currency="USD"))
        assert converted.table.frame["Shopify revenue"].tolist() == ["160"]
        assert converted.totals[0]["Total (EUR)"] == 80


RATES = "date,currency,rate\n2026-01-01,USD,0.5\n"
