"""Lift tests on the Data page: added by hand and from a file, shown, withdrawn."""

from __future__ import annotations

from datetime import date

from tests.web.data_steps import button, labelled, save_one, texts
from tests.web.test_data_stored import on_tab

TAB = "Lift tests"


def opened(app_as, who="analyst"):
    app = on_tab(app_as(who, "data"), TAB)
    return app.run()


def channel_of(installation, version):
    return installation.services.datasets.panel(installation.actor("analyst"), version.id).labels.channels[0]


def test_an_empty_tab_says_why_an_experiment_is_worth_it_and_a_test_is_added_by_hand(app_as, installation):
    version = save_one(installation)
    app = opened(app_as)
    assert "nothing would teach a model more" in texts(app.markdown)
    labelled(app.date_input, "First day").set_value(date(2022, 6, 6))
    labelled(app.date_input, "Last day").set_value(date(2022, 7, 3))
    labelled(app.number_input, "Lift").set_value(1200.0)
    labelled(app.number_input, "Standard error").set_value(300.0)
    labelled(app.text_input, "Where the figure comes from").set_value("![x](https://e.org/x.png)")
    on_tab(button(app, "Add the test").click(), TAB, app).run()
    assert not app.exception
    (test,) = installation.services.lift_tests.all(installation.actor("analyst"), version.dataset_id)
    assert (test.read.test.lift, test.read.test.se, str(test.read.test.start)) == (1200.0, 300.0, "2022-06-06")
    assert test.notes == "![x](https://e.org/x.png)"
    assert "The next training learns from it" in texts(app.success)


def test_what_is_missing_is_said_and_nothing_is_stored(app_as, installation):
    version = save_one(installation)
    app = opened(app_as)
    on_tab(button(app, "Add the test").click(), TAB, app).run()
    assert "lift is missing" in texts(app.error)
    assert installation.services.lift_tests.all(installation.actor("analyst"), version.dataset_id) == ()


def test_tests_come_from_a_file_and_one_is_withdrawn(app_as, installation):
    version = save_one(installation)
    channel = channel_of(installation, version)
    app = opened(app_as)
    content = f"channel,start,end,lift,low,high,level\n{channel},2022-06-06,2022-07-03,900,100,1700,95\n"
    on_tab(app.file_uploader[0].upload("tests.csv", content.encode()), TAB, app).run()
    on_tab(button(app, "Add the tests of the file").click(), TAB, app).run()
    assert not app.exception
    assert "900" in " ".join(str(cell) for frame in app.dataframe for cell in frame.value.get("Lift", ()))
    on_tab(button(app, "Withdraw it").click(), TAB, app).run()
    (test,) = installation.services.lift_tests.all(installation.actor("analyst"), version.dataset_id)
    assert not test.live


def test_a_test_that_the_data_cannot_replay_says_why(app_as, installation):
    version = save_one(installation)
    row = {"channel": "a [b](https://e.org)", "start": "2022-06-06", "end": "2022-07-03", "lift": 1.0, "se": 1.0}
    installation.services.lift_tests.add(installation.actor("analyst"), version.dataset_id, row)
    app = opened(app_as)
    assert "is not used because the data have no channel “a [b](https://e.org)”" in texts(app.caption).replace(
        "\u2060", ""
    )
    assert not any("[b](https" in caption.value for caption in app.caption)
