"""Optimise: the best split of a budget, how far to go, and how sure that is."""

from mmm.access.roles import Permission
from mmm.web.guard import guard
from mmm.web.optimise_view import workplace
from mmm.web.scenario_state import open_outlook

actor = guard(Permission.MAKE_PLANS)
outlook = open_outlook(actor)
if outlook is not None:
    workplace(outlook)
