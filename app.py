"""The server: `streamlit run app.py` (or `mmm serve`, which prepares the database and the keys first)."""

import streamlit as st

from mmm.web.lifespan import lifespan
from mmm.web.middleware import middleware
from mmm.web.routes import routes

app = st.App("mmm/web/router.py", middleware=middleware(), routes=routes(), lifespan=lifespan)
