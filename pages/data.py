"""Data: what is stored, and the desk where a new file becomes a data set."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.web.components import escape
from mmm.web.data_desk import desk
from mmm.web.data_empty import nothing_yet
from mmm.web.data_upload import current, notice
from mmm.web.data_view import stored
from mmm.web.guard import guard
from mmm.web.holder import services

actor = guard(Permission.SEE_DATA)
datasets = services().datasets.list(actor)
upload = current(actor) if actor.may(Permission.UPLOAD_DATA) else None

left = notice()
if left:
    st.success(escape(left))
if upload is not None:
    desk(actor, upload, datasets)
elif datasets:
    stored(actor, datasets)
else:
    nothing_yet(actor)
