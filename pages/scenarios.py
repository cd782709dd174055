"""Scenarios: move what is spent, see what it brings, keep it as a plan."""

from mmm.access.roles import Permission
from mmm.web.guard import guard
from mmm.web.scenario_state import open_outlook, wanted_model
from mmm.web.scenario_view import workplace

actor = guard(Permission.SEE_RESULTS)
outlook = open_outlook(actor, wanted_model())
if outlook is not None:
    workplace(outlook)
