"""The furniture of a page, as Streamlit receives it."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from mmm.access import Role
from mmm.web import identity, theme
from mmm.web.components import open_page


def drawn(script, **arguments):
    app = AppTest.from_function(script, kwargs=arguments, default_timeout=30).run()
    assert not app.exception
    return app


def test_a_header_shows_names_as_they_are_typed():
    def script():
        from mmm.web.components import page_header

        page_header("*Search* [x](https://example.org) is best.", ["set ![i](https://example.org/i.png)"], sample=True)

    app = drawn(script)
    assert app.title[0].value.replace("\\", "").replace("\u2060", "") == "*Search* [x](https://example.org) is best."
    assert "\\[x\\]" in app.title[0].value
    assert "!\\[i\\]" in app.caption[0].value or "\\!\\[i\\]" in app.caption[0].value


def test_figures_show_value_interval_and_change():
    def script():
        from mmm.web.components import Figure, metric_row

        metric_row([Figure("ROI", "2.4×", "90 %: 1.9–3.1×", "−2 points", False, (3.0, 2.0))])

    app = drawn(script)
    assert (app.metric[0].label, app.metric[0].value) == ("ROI", "2.4×")
    assert app.metric[0].delta == "90 %: 1.9–3.1×"
    assert app.caption[0].value == ":red[−2 points]"


def test_dollars_in_a_figure_are_no_formula():
    def script():
        from mmm.web.components import Figure, metric_row

        metric_row([Figure("Uplift", "+$0.1 m", "−$0.1 to +$0.3 m")])

    app = drawn(script)
    assert app.metric[0].value == "+\\$0.1 m"
    assert app.metric[0].delta == "−\\$0.1 to +\\$0.3 m"


@pytest.mark.parametrize(("appearance", "colours"), [("light", theme.LIGHT), ("dark", theme.DARK)])
def test_a_chart_takes_our_template_and_the_visitors_appearance(appearance, colours):
    def script():
        from mmm.web.components import chart

        chart({"data": [{"type": "bar", "x": [1], "y": [2]}], "layout": {"height": 300}}, key="c", alt="One bar.")

    app = AppTest.from_function(script, default_timeout=30)
    app.context = {"theme": appearance}
    app.run()
    assert not app.exception
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["height"] == 300
    assert figure["layout"]["uirevision"] == "c"
    assert figure["layout"]["template"]["layout"]["font"]["color"] == colours.text
    assert figure["layout"]["template"]["layout"]["colorway"] == list(theme.CHANNEL_COLOURS)


class TestEmptyState:
    @staticmethod
    def script():
        from mmm.web.components import empty_state

        empty_state("Nobody was added yet.", "Add people", "users")

    def test_it_offers_the_page_to_those_who_may_open_it(self, installation, monkeypatch):
        token = installation.token("admin")
        monkeypatch.setattr(identity, "session_token", lambda: token)
        assert [button.label for button in drawn(self.script).button] == ["Add people"]

    def test_it_offers_nothing_that_would_be_refused(self, installation, monkeypatch):
        token = installation.token("manager")
        monkeypatch.setattr(identity, "session_token", lambda: token)
        assert not drawn(self.script).button

    def test_a_page_that_does_not_exist_is_a_mistake_of_the_caller(self):
        with pytest.raises(ValueError, match="no page called"):
            open_page("nowhere")


def test_a_download_is_offered_only_with_the_permission(installation, monkeypatch):
    def script():
        from mmm.web.components import download

        download("Export", lambda actor: b"x", file_name="x.csv", mime="text/csv", key="x")

    offered = {}
    for role in ("manager", "engineer"):
        token = installation.token(role)
        monkeypatch.setattr(identity, "session_token", lambda token=token: token)
        offered[role] = len(drawn(script).get("download_button"))
    assert offered == {"manager": 1, "engineer": 0}


def test_a_download_pressed_after_the_permission_is_gone_gives_nothing(installation, monkeypatch):
    def script():
        from mmm.web.components import download

        download("Export", lambda actor: b"x", file_name="x.csv", mime="text/csv", key="x")

    given = []
    monkeypatch.setattr("mmm.web.components.st.download_button", lambda label, content, **more: given.append(content))
    token = installation.token("manager")
    monkeypatch.setattr(identity, "session_token", lambda: token)
    drawn(script)
    assert given[0]() == b"x"
    installation.services.users.set_roles(
        installation.actor("admin"), installation.actor("manager").user_id, [Role.ENGINEER]
    )
    with pytest.raises(PermissionError):
        given[0]()


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_text_is_readable_on_its_ground(colours):
    assert contrast(colours.text, colours.ground) >= 7
    assert contrast(colours.quiet_text, colours.ground) >= 4.5
    assert contrast(colours.accent, colours.ground) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_button_text_is_readable(dark):
    assert contrast("#FFFFFF", theme.BUTTONS[dark]) >= 4.5


def test_python_and_the_configuration_agree_on_the_colours():
    import tomllib

    from mmm.web.catalogue import ROOT

    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for colours, section, dark in ((theme.LIGHT, "light", False), (theme.DARK, "dark", True)):
        assert config["theme"][section]["backgroundColor"] == colours.ground
        assert config["theme"][section]["textColor"] == colours.text
        assert config["theme"][section]["primaryColor"] == theme.BUTTONS[dark]
    assert config["theme"]["chartCategoricalColors"] == list(theme.CHANNEL_COLOURS)
    assert config["runner"]["postScriptGC"] is False
    assert "cookieSecret" not in config["server"]
