"""The script behind every visit: who is asking, which pages are theirs, and the one they want."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run from a checkout that is not installed
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402 - the path comes first

from mmm.web import theme  # noqa: E402
from mmm.web.account import forced_change_page  # noqa: E402
from mmm.web.catalogue import PageEntry, existing_pages, pages_for  # noqa: E402
from mmm.web.components import escape, narrow_column  # noqa: E402
from mmm.web.gate import close_session  # noqa: E402
from mmm.web.guard import NOT_YOURS  # noqa: E402
from mmm.web.holder import services  # noqa: E402
from mmm.web.identity import current_actor, forget_another_persons_state  # noqa: E402
from mmm.web.signin import sign_in_page  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmm.access.actor import Actor

_SIGNED_OUT = "_signed_out_session"


def render() -> None:
    """One run: settle who is asking, declare their pages, run the one they want."""
    st.set_page_config(
        page_title="Mixwright", page_icon=theme.asset("icon.svg"), layout="wide", menu_items={"About": None}
    )
    theme.apply_style()
    actor = current_actor()
    forget_another_persons_state(actor)
    if actor is None:
        _everywhere(_signing_out if st.session_state.get(_SIGNED_OUT) else sign_in_page, "Sign in")
    elif actor.must_change_password:
        _everywhere(forced_change_page, "Choose your own password")
    else:
        _workspace(actor)


def _everywhere(screen: Callable[[], None], title: str) -> None:
    """One screen at every address, so that whoever followed a link is there once they are in."""
    pages = [st.Page(screen, title=title, url_path="start", default=True)]
    pages += [st.Page(screen, title=title, url_path=entry.name, visibility="hidden") for entry in existing_pages()]
    st.navigation(pages, position="hidden").run()


def _workspace(actor: Actor) -> None:
    mine = pages_for(actor)
    sections: dict[str, list[st.Page]] = {
        "": [st.Page(_landing(mine), title="Mixwright", url_path="start", default=True, visibility="hidden")]
    }
    for entry in existing_pages():
        sections.setdefault(entry.section, []).append(_page(entry, mine=entry in mine))
    page = st.navigation({name: pages for name, pages in sections.items() if pages}, expanded=True)
    _sidebar(actor)
    page.run()


def _page(entry: PageEntry, *, mine: bool) -> st.Page:
    """The page itself, or at its address a sentence for people whose role it is not."""
    return st.Page(
        entry.path if mine else _not_yours,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.name,
        visibility="visible" if mine and entry.in_menu else "hidden",
    )


def _landing(mine: tuple[PageEntry, ...]) -> Callable[[], None]:
    """The bare address leads to the person's first page, which keeps an address of its own."""

    def landing() -> None:
        st.switch_page(mine[0].path)

    return landing


def _not_yours() -> None:
    st.title("This page is not yours to open", anchor=False)
    st.markdown(NOT_YOURS)


def _sidebar(actor: Actor) -> None:
    """Navigation, who you are, workspace, sign out; nothing else."""
    st.logo(theme.asset("logo-dark.svg" if theme.is_dark() else "logo-light.svg"), size="large")
    with st.sidebar, st.container(key="who", gap="xsmall"):
        roles = ", ".join(sorted(role.value for role in actor.roles))
        st.markdown(f"**{escape(actor.display_name)}**")
        st.caption(f"{escape(roles)}  \n{escape(actor.workspace_name)}")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            for entry in pages_for(actor):
                if entry.name == "account":
                    st.page_link(entry.path, label="Account", icon=":material/person:")
            st.button("Sign out", key="sign_out", type="tertiary", icon=":material/logout:", on_click=_sign_out)


def _sign_out() -> None:
    """End the session row first: from here on every other tab is signed out too, whatever this browser does next."""
    actor = current_actor(polling=True)
    st.session_state.clear()
    if actor is not None:
        services().accounts.sign_out(actor)
        st.session_state[_SIGNED_OUT] = actor.session_id or "closed"


def _signing_out() -> None:
    with narrow_column():
        st.markdown("**You are signed out.**")
        if close_session(str(st.session_state[_SIGNED_OUT])) is not None:
            st.session_state.clear()
            st.rerun()


if __name__ == "__main__":  # a worker process that imports this file as __mp_main__ must not draw
    render()
