"""`mmm serve`: become the server."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer


def serve(
    port: Annotated[int, typer.Option(help="TCP port.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine only.")] = "127.0.0.1",
) -> NoReturn:
    """Prepare the database and the keys, print where the app is, and start it.

    The first start prints one-time passwords, this once.
    """
    from mmm.web.serve import serve as become_the_server

    become_the_server(port, host)
