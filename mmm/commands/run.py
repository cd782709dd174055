"""`mmm run`: a whole analysis of files, without web app or database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mmm.threads import one_thread


def run(
    data: Annotated[Path, typer.Argument(help="CSV or XLSX with one row per period (and market).")],
    spec: Annotated[Path, typer.Option(help="JSON that says which column is what; see docs/headless.md.")],
    out: Annotated[Path, typer.Option(help="Where the JSON result is written.")],
    seed: Annotated[int, typer.Option(help="Same data, specification and seed give the same result.")] = 0,
) -> None:
    """Import, fit, contributions, curves and plan; leaves with 2 and one line where the input is bad."""
    one_thread()
    from mmm.errors import MMMError
    from mmm.headless import read_sources
    from mmm.headless import run as analysis

    result = analysis(read_sources(data, spec), seed)
    try:
        out.write_text(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise MMMError(f"“{out}” cannot be written: {error.strerror}.") from error
