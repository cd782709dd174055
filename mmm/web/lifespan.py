"""What happens when the server starts and stops."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync

from mmm.services.sample import load_sample
from mmm.web.catalogue import ROOT
from mmm.web.holder import services
from mmm.web.serve import first_run_lines

if TYPE_CHECKING:
    import streamlit as st


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Prepare the installation, open the services before the first visitor comes, close them after the last."""
    from mmm.bootstrap import initialise
    from mmm.settings import Settings

    # `mmm serve` has done this already; a server started in another way finds its people here too.
    made = await run_sync(initialise, Settings())
    sys.stdout.write("".join(line + "\n" for line in first_run_lines(made)))
    sys.stdout.flush()
    opened = await run_sync(services)
    try:
        await run_sync(opened.executor.start)
        await run_sync(load_sample, opened, ROOT / "sample_data")
        yield
    finally:
        await run_sync(opened.close)
        services.clear()
