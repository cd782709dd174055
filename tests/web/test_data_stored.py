"""A stored data set on the Data page: its name, its archive, its annotations, what its versions say."""

from __future__ import annotations

from datetime import date

from mmm.data.diff import NameChanges, PanelDiff, SettingChange
from mmm.web.data_compare import sentences
from tests.web.data_steps import button, labelled, save_one, texts


def on_tab(what, tab, app=None):
    """`what`, with the tab open in the next run: a browser sends it every time, AppTest does not."""
    (app or what).session_state["data_tabs"] = tab
    return what


class TestManaging:
    def test_it_can_be_renamed(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "data")
        labelled(app.text_input, "Name").set_value("Shops [x](e.org)").run()
        button(app, "Rename").click().run()
        assert not app.exception
        assert "“Shops [x](e.org)” reaches to" in texts(app.title)

    def test_archived_it_leaves_the_page_and_is_put_back(self, app_as, installation):
        save_one(installation, "One")
        save_one(installation, "Two")
        app = app_as("analyst", "data")
        button(app, "Archive").click().run()
        assert "“One” reaches to" in texts(app.title)
        button(app, "Put back").click().run()
        assert not app.exception
        assert "“Two” is back" in texts(app.success)


class TestAnnotations:
    def test_one_is_added_changed_and_removed(self, app_as, installation):
        dataset_id = save_one(installation).dataset_id
        app = on_tab(app_as("analyst", "data"), "Annotations")
        app.run()
        labelled(app.text_input, "What happened").set_value("Opening <b>")
        on_tab(button(app, "Add").click(), "Annotations", app).run()
        notes = installation.services.annotations
        (note,) = notes.all(installation.actor("analyst"), dataset_id)
        assert (note.text, note.kind, note.first) == ("Opening <b>", "launch", date(2023, 7, 10))
        on_tab(labelled(app.selectbox, "Add or change").set_value(note.id), "Annotations", app).run()
        labelled(app.text_input, "What happened").set_value("Closing")
        on_tab(button(app, "Change it").click(), "Annotations", app).run()
        assert notes.all(installation.actor("analyst"), dataset_id)[0].text == "Closing"
        on_tab(labelled(app.selectbox, "Add or change").set_value(note.id), "Annotations", app).run()
        on_tab(button(app, "Remove").click(), "Annotations", app).run()
        assert not app.exception
        assert notes.all(installation.actor("analyst"), dataset_id) == ()


class TestVersions:
    nothing = NameChanges()

    def diff(self, **changed):
        same = dict.fromkeys(("periods", "markets", "channels", "controls"), self.nothing)
        rest = {"cells": (), "n_cells": 0, "totals": (), "settings": ()}
        return PanelDiff(**{**same, **rest, **changed})

    def test_the_same_twice_differs_in_nothing(self):
        assert sentences(self.diff()) == ["Nothing differs."]

    def test_what_came_and_went_is_said(self):
        found = sentences(
            self.diff(
                periods=NameChanges(added=("2024-01-01", "2024-01-08")),
                channels=NameChanges(gone=("TV",)),
                settings=(SettingChange("margin", "", "0.4"),),
            )
        )
        assert found == [
            "2 periods are added: 1 Jan 2024 to 8 Jan 2024.",
            "1 channel is gone: “TV”.",
            "Margin: not set before, 0.4 now.",
        ]

    def test_the_first_version_says_where_it_came_from(self, app_as, installation):
        save_one(installation)
        app = on_tab(app_as("engineer", "data"), "Versions")
        app.run()
        assert not app.exception
        assert "The first version" in texts(app.markdown)
        assert any("SHA-256" in frame.value.columns for frame in app.dataframe)
