"""The short way through a regular text gives the table that the long way gives, finding for finding."""

from __future__ import annotations

import random

import pytest

from benchmarks.fuzz import corpus, mutated
from mmm.data import regular
from mmm.data.findings import FindingLog
from mmm.data.read import read_table
from mmm.errors import MMMError

CLEAN = "day,sales,tv,note\n" + "".join(f"2024-01-{day:02d},{9 * day}.5,{day},x\n" for day in range(1, 31))


def both_ways(content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is read with every text offered to the short way, and with none."""
    results: list[object] = []
    for least in (0, len(content) + 1):
        monkeypatch.setattr(regular, "LARGE", least)
        monkeypatch.setattr(regular, "MOST_LOOKED_AT", 1.0)
        try:
            table = read_table("a.csv", content)
        except MMMError as problem:
            results.append(str(problem))
            continue
        frame = table.frame
        cells = (frame.to_dict("list"), frame.index.tolist(), frame.index.name, [str(kind) for kind in frame.dtypes])
        results.append((cells, table.findings, table.dialect, table.first_row))
    return results


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        CLEAN.replace("\n", "\r\n"),
        "Report\nmade today\n" + CLEAN,
        CLEAN + "Total,1,2,\n",
        CLEAN + "a note,,,\n\n\n",
        CLEAN.replace("2024-01-09,81.5,9,x", ",,,"),
        CLEAN.replace("2024-01-09,81.5,9,x", " , ,\t,"),
        CLEAN.replace("2024-01-09", "Subtotal"),
        CLEAN.replace("2024-01-09,81.5,9,x", ""),
        CLEAN.replace("2024-01-09,81.5,9,x", "2024-01-09,81.5,9"),
        CLEAN.replace(",note", ","),
        CLEAN.replace(",note", ",").replace(",x", ","),
        CLEAN.replace("tv", "sales"),
        CLEAN.replace(",x", ",#REF!"),
        CLEAN.replace("2024-01-", " 2024-01-"),
        "day,sales,tv,note\n",
        "day,sales,tv,note\n,,,\n",
        "sep=,\n" + CLEAN,
    ],
)
def test_a_text_is_read_alike_on_both_ways(text, monkeypatch):
    short, long = both_ways(text.encode(), monkeypatch)
    assert short == long


def test_damaged_texts_are_read_alike_on_both_ways(monkeypatch):
    rng = random.Random(8)
    texts = [content for name, content in corpus() if not name.endswith("xlsx")] + [CLEAN.encode()] * 6
    for number in range(300):
        content = mutated(rng, texts[number % len(texts)])
        short, long = both_ways(content, monkeypatch)
        assert short == long, content


def test_a_clean_text_takes_the_short_way(monkeypatch):
    monkeypatch.setattr(regular, "LARGE", 0)
    found = regular.regular_table(CLEAN, ",", "a.csv", FindingLog())
    assert found is not None
    assert found.numbers.tolist() == list(range(2, 32))


def test_a_quotation_mark_takes_the_long_way(monkeypatch):
    monkeypatch.setattr(regular, "LARGE", 0)
    assert regular.regular_table(CLEAN.replace("x", '"x"'), ",", "a.csv", FindingLog()) is None
