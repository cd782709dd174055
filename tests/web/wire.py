"""A visitor without a browser: the websocket that the browser would open, and what comes back over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.running import Server

TIMEOUT_S = 60


@dataclass(frozen=True)
class Visit:
    """What one visit was sent.

    Attributes:
        texts: every non-empty string inside the elements of the page.
        kinds: what elements there were, such as "markdown" or "arrow_data_frame".
        menu: the addresses of the visible pages in the navigation.
        not_found: True when the app said that it has no such page.
    """

    texts: tuple[str, ...]
    kinds: frozenset[str]
    menu: frozenset[str]
    not_found: bool

    def says(self, text: str) -> bool:
        """True when some element contains `text` (Markdown escapes aside)."""
        return any(text in shown.replace("\\", "") for shown in self.texts)


def visit(server: Server, page: str, token: str = "", *, script_hash: str = "") -> Visit:
    """Open `page` (its address without the slash) with the session cookie `token`, and wait for the run to end.

    Args:
        server: the running app.
        page: "" is the bare address.
        token: "" is nobody.
        script_hash: ask for a page by this internal id instead, as a forged client could.
    """
    headers = {"Cookie": f"mixwright_session={token}"} if token else {}
    with connect(
        server.url.replace("http", "ws") + "/_stcore/stream",
        subprotocols=["streamlit"],
        additional_headers=headers,
        origin=server.url,
        max_size=None,
        open_timeout=TIMEOUT_S,
    ) as socket:
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.page_script_hash = script_hash
        socket.send(message.SerializeToString())
        return _until_the_run_ends(socket)


def _until_the_run_ends(socket: Any) -> Visit:
    texts: list[str] = []
    kinds: set[str] = set()
    menu: frozenset[str] = frozenset()
    not_found = False
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(timeout=TIMEOUT_S))
        kind = message.WhichOneof("type")
        if kind == "new_session":  # a run that is followed by another, such as a change of page, starts over
            texts, kinds = [], set()
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            kinds.add(str(element.WhichOneof("type")))
            texts += _strings(element)
        elif kind == "navigation":
            menu = frozenset(page.url_pathname for page in message.navigation.app_pages if not page.is_hidden)
        elif kind == "page_not_found":
            not_found = True
        elif kind == "script_finished" and message.script_finished in {
            ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY,
            ForwardMsg.ScriptFinishedStatus.FINISHED_WITH_COMPILE_ERROR,
        }:
            return Visit(tuple(texts), frozenset(kinds), menu, not_found)


def _strings(message: Message) -> list[str]:
    found: list[str] = []
    for _, value in message.ListFields():
        for item in value if hasattr(value, "__iter__") and not isinstance(value, str | bytes) else [value]:
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, Message):
                found += _strings(item)
    return found
