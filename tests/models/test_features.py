from dataclasses import replace

from mmm.data.inputs import Frequency
from mmm.models.features import features_added
from tests.fakes import a_panel


def said(panel) -> str:
    return " ".join(features_added(panel))


def test_the_season_is_told_in_the_waves_it_has():
    assert "yearly season in 3 waves, the shortest 4 months long" in said(a_panel(n=104))
    assert "in 1 wave" in said(a_panel(n=26))


def test_holidays_are_named_country_by_country_with_the_peaks_apart():
    panel = replace(a_panel(n=104, markets=3), country="DE", countries=("DE", "US", "DE"))
    words = features_added(panel)
    assert [word.split(":")[0] for word in words[2:]] == [
        "Public holidays of Germany",
        "Public holidays of United States",
        "Retail peaks",
    ]
    assert "German Unity Day" in words[2]
    assert "Independence Day" in words[3]
    assert "Black Friday weekend" in words[4]


def test_without_a_country_no_holidays_are_promised():
    assert "No public holidays" in said(a_panel(n=104))


def test_days_of_the_week_are_for_daily_data_only():
    assert "days of the week" in said(a_panel(n=104, frequency=Frequency.DAY))
    assert "days of the week" not in said(a_panel(n=104))


def test_a_trend_is_of_each_market_where_there_are_several():
    assert "trend of each market" in said(a_panel(n=104, markets=2))
    assert "in 8 steps of about 3 months" in said(a_panel(n=104))


def test_data_without_any_control_are_described_all_the_same():
    panel = a_panel(n=104)
    bare = replace(
        panel, labels=replace(panel.labels, controls=(), control_roles=()), controls=panel.controls[:, :, :0]
    )
    assert "yearly season" in said(bare)
