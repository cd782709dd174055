"""The pages there are: where they stand in the navigation and what it takes to open them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmm.access.roles import Permission

if TYPE_CHECKING:
    from mmm.access.actor import Actor

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "pages"


@dataclass(frozen=True)
class PageEntry:
    """One page.

    Attributes:
        name: file name in `pages/` without suffix, and the path in the address.
        title: what the navigation and the browser tab say.
        section: heading in the navigation; "" comes first, without a heading.
        permission: the one its first line demands.
        icon: a Material symbol of the bundled font.
        in_menu: False for pages reached by a link elsewhere.
    """

    name: str
    title: str
    section: str
    permission: Permission
    icon: str
    in_menu: bool = True

    @property
    def path(self) -> Path:
        """The file of the page."""
        return PAGES / f"{self.name}.py"


_UNDERSTAND, _PLAN, _BUILD, _ADMIN = "Understand", "Plan", "Data and models", "Workspace"

CATALOGUE: tuple[PageEntry, ...] = (
    PageEntry("home", "Home", "", Permission.SEE_RESULTS, "home"),
    PageEntry("contribution", "Contribution", _UNDERSTAND, Permission.SEE_RESULTS, "stacked_bar_chart"),
    PageEntry("channels", "Channels", _UNDERSTAND, Permission.SEE_RESULTS, "show_chart"),
    PageEntry("explain", "Explain", _UNDERSTAND, Permission.SEE_RESULTS, "account_tree"),
    PageEntry("scenarios", "Scenarios", _PLAN, Permission.SEE_RESULTS, "tune"),
    PageEntry("optimise", "Optimise", _PLAN, Permission.MAKE_PLANS, "balance"),
    PageEntry("plans", "Plans", _PLAN, Permission.SEE_RESULTS, "fact_check"),
    PageEntry("data", "Data", _BUILD, Permission.SEE_DATA, "table_view"),
    PageEntry("train", "Train", _BUILD, Permission.SEE_JOBS, "model_training"),
    PageEntry("models", "Models", _BUILD, Permission.TRAIN, "leaderboard"),
    PageEntry("users", "People", _ADMIN, Permission.MANAGE_USERS, "group"),
    PageEntry("audit", "Audit", _ADMIN, Permission.SEE_AUDIT, "history"),
    PageEntry("account", "Your account", _ADMIN, Permission.CHANGE_OWN_PASSWORD, "person", in_menu=False),
)


def existing_pages() -> tuple[PageEntry, ...]:
    """The pages whose file is there, in the order of the navigation."""
    return tuple(entry for entry in CATALOGUE if entry.path.is_file())


def pages_for(actor: Actor) -> tuple[PageEntry, ...]:
    """The existing pages that `actor` may open; never empty, everybody may see their own account."""
    return tuple(entry for entry in existing_pages() if actor.may(entry.permission))
