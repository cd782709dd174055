"""Personal data are told by heading or by content; campaigns, channels and amounts are not personal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.personal import masked, personal_columns
from mmm.data.read import read_table


def kinds(heading: str, *cells: str) -> dict[str, str]:
    rows = "".join(f"2024-01-{i:02d},{cell},{i}\n" for i, cell in enumerate(cells, 1))
    return personal_columns(read_table("a.csv", f"date,{heading},sales\n{rows}".encode()))


@pytest.mark.parametrize(
    ("heading", "cell", "kind"),
    [
        ("E-Mail", "hidden", "e-mail"),
        ("correo electrónico", "x", "e-mail"),
        ("Notes", "a.b@example.org", "e-mail"),
        ("Telefonnummer", "0301234567", "phone"),
        ("contact", "+49 30 123 4567", "phone"),
        ("contact", "(555) 123-4567", "phone"),
        ("Vorname", "Ada", "name"),
        ("customerName", "Ada L.", "name"),
        ("Billing Name", "Ada L.", "name"),
        ("Nom de famille", "L.", "name"),
        ("Shipping Street", "Long road 1", "address"),
        ("Adresse", "Weg 1", "address"),
        ("user_id", "17", "user id"),
        ("Kundennummer", "17", "user id"),
        ("visitor", "203.0.113.7", "IP address"),
        ("date of birth", "1990-01-01", "birth date"),
        ("Geburtsdatum", "1990-01-01", "birth date"),
        ("ref", "DE89 3704 0044 0532 0130 00", "payment"),
        ("ref", "4111 1111 1111 1111", "payment"),
    ],
)
def test_a_personal_column_is_told_with_its_kind(heading, cell, kind):
    assert kinds(heading, cell, cell).get(heading) == kind


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Campaign name", "Brand Search"),
        ("Ad name", "Summer 1"),
        ("Product name", "Chair"),
        ("Market", "North"),
        ("Account name", "Shop EU"),
        ("email_spend", "120.50"),
        ("Email", "120.50"),
        ("mobile", "3400"),
        ("emails sent", "12000"),
        ("mail", "1 200"),
        ("impressions", "1 234 567 890"),
        ("stamp", "2024-01-01 10:00"),
        ("week", "2024-03-04 - 2024-03-10"),
        ("order", "1234567890123"),
        ("customers", "120"),
        ("name", "Brand"),
    ],
)
def test_what_names_no_person_is_not_personal(heading, cell):
    assert kinds(heading, cell, cell) == {}


def test_what_is_personal_in_a_text_is_hidden():
    said = masked("Exported by ada@example.org from 203.0.113.7, call +49 30 1234567")
    assert said == "Exported by ••• from •••, call •••"


@given(st.from_regex(r"\A[0-9]{1,3}(,[0-9]{3}){0,3}(\.[0-9]{2})?\Z") | st.dates().map(str))
def test_amounts_and_dates_are_shown(text):
    assert masked(text) == text
