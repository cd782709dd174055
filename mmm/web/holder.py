"""The services of this process: built once, shared by the pages, the routes and the middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from mmm.services import Services


@st.cache_resource(show_spinner=False)
def services() -> Services:
    """The services built from the environment's settings.

    The lifespan of the server calls this first, so that no visitor waits for it.
    """
    from mmm.bootstrap import build_services
    from mmm.settings import Settings

    return build_services(Settings())
