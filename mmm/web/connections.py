"""Which stored file and which upload address belong to which browser, as Streamlit's runtime knows it.

Streamlit keeps a list of the files each open connection was shown, and the cookies each connection was opened with. The
lists have no public door; the attributes used here are those of the Streamlit release that `pyproject.toml` pins, and
`tests/browser/test_access.py` fails when they move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_media_file_storage import _calculate_file_id

from mmm.web.identity import COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.runtime import Runtime


def keep_download(content: bytes, mime: str, file_name: str, connection_id: str) -> None:
    """List a file made on a click among the files shown to the connection `connection_id`.

    Streamlit leaves such a file unlisted: nobody could tell whose it is, and the end of anybody's run could remove it
    before the browser has fetched it. The next run of this connection takes it off the list again.
    """
    if not exists():
        return
    files = get_instance().media_file_mgr
    file_id = _calculate_file_id(content, mime, file_name)
    with files._lock:
        files._files_by_session_and_coord[connection_id][f"download-{file_id}"] = file_id


def connection_belongs_to(connection_id: str, token: str) -> bool:
    """True when the connection `connection_id` was opened with the cookie `token`."""
    return exists() and connection_id in set(_connections(get_instance(), token))


def file_shown_to(file_name: str, token: str) -> bool:
    """True when `/media/<file_name>` was shown to a connection that was opened with the cookie `token`."""
    if not exists():
        return False
    file_id = unquote(file_name).rsplit(".", 1)[0]
    runtime = get_instance()
    connections = list(_connections(runtime, token))
    files = runtime.media_file_mgr
    with files._lock:
        shown = files._files_by_session_and_coord
        return any(file_id in shown[connection].values() for connection in connections if connection in shown)


def _connections(runtime: Runtime, token: str) -> Iterator[str]:
    for info in runtime._session_mgr.list_active_sessions():
        cookies = getattr(getattr(info.client, "client_context", None), "cookies", {})
        if cookies.get(COOKIE) == token:
            yield info.session.id
