"""Which stored file and which upload address belong to which browser, as Streamlit's runtime knows it.

Streamlit keeps a list of the files each open connection was shown, and the cookies each connection was opened with. The
lists have no public door; the attributes used here are those of the Streamlit release that `pyproject.toml` pins, and
`tests/browser/test_access.py` fails when they move.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote

from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_media_file_storage import _calculate_file_id

from mmm.web.identity import COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.runtime import Runtime


MAX_REMEMBERED = 4096  # files made on a click whose owner is known; the oldest are forgotten, and then refused

_made_for: OrderedDict[str, set[str]] = OrderedDict()
_made_for_lock = Lock()


def remember_download(content: bytes, mime: str, file_name: str, token: str) -> None:
    """Note that a file made on a click may be fetched with the cookie `token`; Streamlit does not note it itself."""
    file_id = _calculate_file_id(content, mime, file_name)
    with _made_for_lock:
        _made_for.setdefault(file_id, set()).add(token)
        _made_for.move_to_end(file_id)
        while len(_made_for) > MAX_REMEMBERED:
            _made_for.popitem(last=False)


def connection_belongs_to(connection_id: str, token: str) -> bool:
    """True when the connection `connection_id` was opened with the cookie `token`."""
    return exists() and connection_id in set(_connections(get_instance(), token))


def file_shown_to(file_name: str, token: str) -> bool:
    """True when `/media/<file_name>` was shown to, or made for, a browser with the cookie `token`."""
    file_id = unquote(file_name).rsplit(".", 1)[0]
    with _made_for_lock:
        if token in _made_for.get(file_id, ()):
            return True
    if not exists():
        return False
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
