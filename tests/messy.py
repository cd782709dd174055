"""A weekly table as a spreadsheet in Germany writes it, with everything that goes wrong in real ones."""

from __future__ import annotations

import random
from datetime import date, timedelta

NAME = "Wochen <b>[x](e.org)*.csv"
COLUMNS = ("Woche", "Umsatz (€)", "TV Ausgaben", "Suche_Kosten", "Plakat Kosten", "Aktion", "Bemerkung", "E-Mail")


def messy_csv(weeks: int = 80, seed: int = 1) -> bytes:
    """Semicolons, decimal commas, Windows-1252; one spend cell empty, one negative, one row twice, a mail column."""
    rng = random.Random(seed)
    lines = [";".join(COLUMNS)]
    for week in range(weeks):
        tv = rng.choice([0.0, 0.0, rng.uniform(5_000, 20_000)])
        search, posters, promotion = rng.uniform(2_000, 6_000), rng.uniform(500, 3_000), int(rng.random() < 0.1)
        sales = 80_000 + 1_500 * search**0.5 + 0.9 * tv + 1.2 * posters + 9_000 * promotion + rng.gauss(0, 2_500)
        cells = [
            (date(2022, 1, 3) + timedelta(weeks=week)).strftime("%d.%m.%Y"),
            german(sales),
            "" if week == 7 else german(tv),
            german(search),
            "-120,00" if week == 20 else german(posters),
            str(promotion),
            "größer “x”",
            f"somebody{week}@example.org",
        ]
        lines.append(";".join(cells))
    lines.insert(30, lines[29])
    return "\r\n".join(lines).encode("cp1252")


def german(value: float) -> str:
    """`1.234,50`."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
