"""Mutated files against the importer: no crash, no hang, no runaway memory.

python benchmarks/fuzz.py [--files 100000] [--seed 1] [--inspect-every 10]

Small files in many dialects are damaged in every way that comes to mind (bytes flipped, lines cut, doubled and
shuffled, cells replaced by nasty ones, encodings mixed, parts of a workbook broken), then read, joined, guessed, built
and checked. Anything raised other than an error meant for people is a failure,
as is a file that takes more processor time than `LIMIT_S`.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import re
import resource
import time
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import openpyxl

from mmm.data.build import build_panel
from mmm.data.checks import check_panel
from mmm.data.inspect import default_mapping, inspect_files
from mmm.data.mapping import answer
from mmm.data.read import read_table
from mmm.data.sources.assemble import answer_recipe, assemble
from mmm.errors import MMMError

LIMIT_S = 2.0  # of processor time for one small file; the machine may be busy
ROUNDS = 5  # of answers

NASTY = (
    *(
        "",
        " ",
        "-",
        "--",
        "NULL",
        "#N/A",
        "#REF!",
        "1e400",
        "-1e308",
        "1e-320",
        "nan",
        "inf",
        "-inf",
        "9" * 400,
        "0x10",
    ),
    *("1,2,3", "(5)", "5-", "50%", "€", "$", "1.234,5", "1,234.5", "12 000", "2024-13-45", "31/12/9999", "00/00/0000"),
    *("99999", "60", "20240101", "2024-W99", "W1", "Total", "total: x", "=1+1", "@SUM(A1)", "'", '"', '""', "\u0000"),
    *("\ufeff", "\u202e", "\ud7ff", "😀", "a" * 3000, "a@b.cd", "+49 30 1234567", ";;;", ",", "\t", "|", "\r", "\n"),
    *("TRUE", "yes", "\u2028", "İ", "ß", "１２", "2024-01-01 - 2024-01-07", "Feb 30 2024", "1/1/1", "0", "-0", "1e5"),
    *("Mar 2024", "Q1 2024", "2024"),
)

Mutation = Callable[[random.Random, bytes], bytes]


def lines_of(delimiter: str = ",", day: str = "%Y-%m-%d", comma: bool = False, n: int = 22, step: int = 7) -> list[str]:
    """A clean table of n periods."""
    made = [delimiter.join(("date", "sales", "tv_spend", "radio_spend", "price"))]
    for i in range(n):
        numbers = [f"{v:.2f}" for v in (1000 + 37 * (i % 9), 100 + 3 * (i % 11), 50 + i % 5, 9.99 + i % 3)]
        cells = [number.replace(".", ",") if comma else number for number in numbers]
        made.append(delimiter.join(((date(2023, 1, 2) + timedelta(step * i)).strftime(day), *cells)))
    return made


def corpus() -> list[tuple[str, bytes]]:
    """Small clean files to start from, in the dialects and layouts the importer knows."""
    plain = "\n".join(lines_of())
    german = "\r\n".join(lines_of(";", "%d.%m.%Y", comma=True)).replace("sales", "Umsätze")
    return [
        ("plain.csv", plain.encode()),
        ("bom.csv", b"\xef\xbb\xbf" + plain.encode()),
        ("german.csv", german.encode("cp1252")),
        ("utf16.tsv", "\r\n".join(lines_of("\t", "%m/%d/%Y")).encode("utf-16")),
        ("utf16be.csv", plain.encode("utf-16-be")),
        ("old_mac.csv", plain.replace("\n", "\r").encode()),
        ("pipe.txt", ("Weekly report\n\n" + "\n".join(lines_of("|")) + "\nTotal|1|2|3|4\nnote").encode()),
        ("daily.csv", "\n".join(lines_of(step=1, n=30)).encode()),
        *layouts(),
        ("book.xlsx", workbook()),
    ]


def layouts() -> list[tuple[str, bytes]]:
    """Markets, a platform's export, orders, a long table and rates of exchange."""
    geo = ["week,geo,revenue,tv_spend"]
    geo += [f"{date(2023, 1, 2) + timedelta(7 * i)},{g},{900 + i},{i}" for i in range(12) for g in ("north", "south")]
    ads = ["Report", "Jan - Jun", "Day,Campaign,Currency code,Cost,Impr.,Clicks,Conversions"]
    days = [date(2023, 1, 2) + timedelta(i) for i in range(30)]
    ads += [f'{days[i]},{c},EUR,"1,0{10 + i}.5",{i * 9},{i},--' for i in range(12) for c in "AB"]
    ads += ["Total: Account,--,EUR,9,9,9,9"]
    orders = ["Name,Email,Created at,Total,Currency,Lineitem name"]
    orders += [f"#{i // 2},a{i}@e.org,{days[i]} 10:00:00 +0200,{i}.5,EUR,x" for i in range(24)]
    long = ["date;channel;spend;impressions"]
    long += [f"{date(2023, 1, 2) + timedelta(7 * i)};{c};{i},5;{9 * i}" for i in range(12) for c in ("TV", "Search")]
    rates = ["Date,USD,GBP", *(f"{day},1.0{10 + i},0.8{10 + i}" for i, day in enumerate(days[:24]))]
    named = {"geo": geo, "google": ads, "orders": orders, "long": long, "rates": rates}
    return [(f"{name}.csv", "\n".join(made).encode()) for name, made in named.items()]


def workbook() -> bytes:
    """The clean table as a workbook, equal to the last byte on every run."""
    book = openpyxl.Workbook()
    for line in lines_of():
        book.active.append([float(c) if c.replace(".", "").isdigit() else c for c in line.split(",")])
    buffer = io.BytesIO()
    book.save(buffer)
    return repacked(buffer.getvalue())


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None] = lambda _, part: part) -> bytes:
    """A zip archive with `change` made to its parts (None leaves one out), all of one date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":  # holds the time of saving
                part = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2026-01-01T00:00:00Z", part)
            changed = change(name, part)
            if changed is not None:
                new.writestr(zipfile.ZipInfo(name), changed)
    return buffer.getvalue()


def flip_bytes(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] if rng.random() < 0.7 else content[at:]


def doubled(rng: random.Random, content: bytes) -> bytes:
    a, b = sorted((rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)))
    return content[:b] + content[a:]


def lines(rng: random.Random, content: bytes) -> bytes:
    found = content.split(b"\n")
    action = rng.randrange(4)
    at = rng.randrange(len(found))
    if action == 0:
        del found[at]
    elif action == 1:
        found.insert(at, found[rng.randrange(len(found))])
    elif action == 2:
        rng.shuffle(found)
    else:
        found[at] = found[at][: rng.randrange(len(found[at]) + 1)]
    return b"\n".join(found)


def cells(rng: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    delimiter = max(",;\t|", key=text.count)
    rows = [line.split(delimiter) for line in text.split("\n")]
    for _ in range(rng.choice((1, 2, 8, 40))):
        row = rng.choice(rows)
        row[rng.randrange(len(row))] = rng.choice(NASTY)
    if rng.random() < 0.2:
        column, cell = rng.randrange(len(rows[0])), rng.choice(NASTY)
        for row in rows[1:]:
            if column < len(row):
                row[column] = cell
    return "\n".join(delimiter.join(row) for row in rows).encode("utf-8", "replace")


def encodings(rng: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    half = rng.randrange(len(text) + 1)
    names = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig", "utf-32")
    one, other = rng.choice(names), rng.choice(names)
    return text[:half].encode(one, "replace") + text[half:].encode(other, "replace")


def archive(rng: random.Random, content: bytes) -> bytes:
    """A workbook with one part damaged, left out, or repeated; other files are cut."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return cut(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        chosen = rng.choice(old.namelist())
    action = rng.choice((flip_bytes, cut, doubled, xml, None))

    def change(name: str, part: bytes) -> bytes | None:
        if name != chosen:
            return part
        return action(rng, part) if action is not None else None

    return repacked(content, change)


def xml(rng: random.Random, content: bytes) -> bytes:
    """Numbers, types and attributes of a part replaced."""
    text = content.decode("utf-8", "replace")
    pairs = (
        ('r="', 'r="XFD'),
        ("<v>", "<v>x"),
        ('t="s"', 't="d"'),
        ('t="n"', 't="e"'),
        ('s="', 's="99'),
        ("sheet1", "sheet9"),
    )
    old, new = rng.choice(pairs)
    return text.replace(old, new, rng.choice((1, 3, -1))).encode()


MUTATIONS: tuple[Mutation, ...] = (flip_bytes, cut, doubled, lines, lines, cells, cells, cells, encodings, archive)


def mutated(rng: random.Random, content: bytes) -> bytes:
    of_books = content.startswith(b"PK") and rng.random() < 0.8  # other damage leaves no workbook to read
    for _ in range(rng.choice((1, 1, 2, 4))):
        try:
            content = archive(rng, content) if of_books else rng.choice(MUTATIONS)(rng, content)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, ValueError):
            content = cut(rng, content)  # broken so well already that it cannot be taken apart again
    return content


def outcome(name: str, content: bytes) -> str:
    """The way of one file: read, joined, guessed, built with the first answers, checked.

    Raises:
        Exception: what was not meant to be raised.
    """
    try:
        assembly = assemble([read_table(name, content)])
        for _ in range(ROUNDS):
            if assembly.table is not None or not assembly.questions:
                break
            recipe = assembly.recipe
            for question in assembly.questions:
                recipe = answer_recipe(recipe, question, question.options[0])
            assembly = assemble([read_table(name, content)], recipe)
        if assembly.table is None:
            return "refused while joining"
        mapping = default_mapping(assembly.table)
        result = build_panel(assembly.table, mapping)
        for _ in range(ROUNDS):
            if result.panel is not None or not result.questions:
                break
            for question in result.questions:
                mapping = answer(mapping, question, question.options[0])
            result = build_panel(assembly.table, mapping)
    except MMMError:
        return "refused while reading"
    if result.panel is None:
        return "refused while building"
    check_panel(result.panel)
    return "panel"


def run(
    files: int, seed: int, inspect_every: int = 10, seconds: float = math.inf
) -> tuple[Counter[str], list[str], float]:
    """Outcomes, failures with what reproduces them, and the longest time of one file in seconds."""
    rng = random.Random(seed)
    start = corpus()
    counts: Counter[str] = Counter()
    failures: list[str] = []
    longest = 0.0
    started = time.perf_counter()
    for number in range(files):
        if time.perf_counter() - started > seconds:
            break
        name, content = start[number % len(start)]
        content = mutated(rng, content)
        began = time.process_time()
        try:
            counts[outcome(name, content)] += 1
            if number % inspect_every == 0:
                counts[f"inspect: {inspect_files([(name, content)]).verdict.value}"] += 1
        except Exception as error:  # noqa: BLE001 - finding these is what the script is for
            counts["crashed"] += 1
            if len(failures) < 200:
                failures.append(f"file {number} ({name}): {type(error).__name__}: {error}"[:300])
        took = time.process_time() - began
        longest = max(longest, took)
        if took > LIMIT_S:
            failures.append(f"file {number} ({name}) took {took:.1f} s")
    return counts, failures, longest


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--inspect-every", type=int, default=10)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # openpyxl's, about what it leaves out of damaged workbooks
    began = time.perf_counter()
    counts, failures, longest = run(given.files, given.seed, given.inspect_every, given.seconds)
    for what, count in sorted(counts.items()):
        print(f"{what:<28} {count:>8,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"seconds {time.perf_counter() - began:.0f}, longest file {longest:.2f} s, peak memory {peak:.0f} MiB")
    print(f"failures {len(failures)}")
    print("\n".join(failures))


if __name__ == "__main__":
    main()
