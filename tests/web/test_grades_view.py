"""Evidence grades on the Models and the Channels page."""

from __future__ import annotations

from mmm.data.codec import dump
from mmm.models.base import FitSettings
from mmm.study import question
from mmm.validation.grades import ChannelGrade, Grade
from mmm.validation.holdout import hold_out
from mmm.web.grades_view import grades_title, mark_words
from tests.champion import publish, store
from tests.fakes import a_model, a_panel
from tests.web.data_steps import texts

POOR = ChannelGrade("tv", Grade.D, "tv: spend hardly ever changed.", "Vary the spend.")
GOOD = ChannelGrade("radio", Grade.B, "radio: spend varied by itself.", "")


def test_a_mark_says_grade_meaning_reason_and_what_to_do():
    assert mark_words(POOR) == "Evidence D. The data cannot tell. tv: spend hardly ever changed. Vary the spend."


def test_the_title_names_the_doubtful_channels():
    assert grades_title([POOR, GOOD]) == "What the model says of 1 of 2 channels is in doubt: tv."
    assert grades_title([GOOD]) == "Nothing contradicts what the model says of any channel."


def test_the_models_page_shows_every_channel_with_its_reason(app_as, installation):
    services, analyst = installation.services, installation.actor("analyst")
    panel, model = a_panel(n=60), a_model(a_panel(n=60))
    held = hold_out(panel, lambda p, _settings, _progress=None: a_model(p), FitSettings())
    results = question(model, panel, held)
    publish(services, analyst, store(services, analyst, panel), model, results=dump(results))
    app = app_as("analyst", "models")
    app.session_state["models_tabs"] = "Evidence"
    app.run()
    assert not app.exception
    said = texts(app.markdown)
    assert all(graded.channel in said for graded in results.grades)
