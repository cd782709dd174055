"""What a person does on the data, training and model pages, as steps that tests share."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from mmm.services.reading import consider, unanswered
from tests.messy import NAME, messy_csv

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
    return desk.store(actor, reading, draft.mapping, name=name, leave_out=tuple(reading.personal)).version


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
