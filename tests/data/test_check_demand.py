import numpy as np
import pytest

from mmm.data.checks.calendar import calendar_of
from tests.data.checking import check, clean, markets, tiny, with_kpi, with_spend

RNG = np.random.default_rng(3)


class TestSpendThatFollowsTheSeason:
    def season(self, n: int) -> np.ndarray:
        return np.cos(2 * np.pi * np.arange(n) / 52.18)

    def test_is_named_with_its_correlation(self) -> None:
        wave = self.season(104)
        panel = with_kpi(tiny(n=104), 1000 * (1 + 0.2 * wave) + 20 * RNG.standard_normal(104))
        found = check("spend_follows_season", with_spend(panel, 1, 100 * (1 + 0.5 * wave) + 5 * RNG.random(104)))
        assert found.status == "warn"
        assert "ch1 (r = 0.9" in found.finding or "ch1 (r = 1.00" in found.finding
        assert "ch0" not in found.finding

    def test_is_found_in_markets_of_different_size(self) -> None:
        wave = self.season(104)
        panel = tiny(n=104, markets=3)
        size = np.array([1.0, 10.0, 100.0])[:, None]
        panel = with_kpi(panel, size * (1000 * (1 + 0.2 * wave) + 20 * RNG.standard_normal((3, 104))))
        panel = with_spend(panel, 0, size * (100 * (1 + 0.5 * wave) + 5 * RNG.random((3, 104))))
        assert "ch0" in check("spend_follows_season", panel).finding

    def test_is_no_fault_of_a_kpi_without_a_season(self) -> None:
        panel = with_spend(tiny(n=104), 0, 100 * (1 + 0.5 * self.season(104)))
        assert check("spend_follows_season", panel).status == "pass"

    def test_cannot_be_told_within_half_a_year(self) -> None:
        wave = self.season(26)
        panel = with_kpi(tiny(n=26), 1000 * (1 + 0.2 * wave))
        assert check("spend_follows_season", with_spend(panel, 0, 100 * (1 + 0.5 * wave))).status == "pass"


class TestSpendSetFromLastSales:
    def test_is_named(self) -> None:
        panel = clean()
        share = 0.05 * np.roll(panel.kpi[0], 1) * np.random.default_rng(1).lognormal(0, 0.02, 104)
        found = check("spend_follows_sales", with_spend(panel, 2, share))
        assert found.status == "warn"
        assert "display" in found.finding
        assert "search" not in found.finding

    def test_is_named_in_a_panel_of_markets(self) -> None:
        panel = markets()
        found = check("spend_follows_sales", with_spend(panel, 1, 0.05 * np.roll(panel.kpi, 1, axis=1)))
        assert "social" in found.finding

    def test_is_not_seen_in_spend_that_makes_the_sales(self) -> None:
        panel = tiny(n=104)
        spend = 100 * np.exp(0.5 * np.cumsum(RNG.standard_normal(104)) / 5)
        carried = np.convolve(spend, 0.6 ** np.arange(10))[:104]
        panel = with_kpi(with_spend(panel, 0, spend), 1000 + 2 * carried + 5 * RNG.standard_normal(104))
        assert check("spend_follows_sales", panel).status == "pass"


@pytest.mark.parametrize(("n", "waves"), [(20, 0), (60, 2), (104, 6)])
def test_the_calendar_is_as_fine_as_history_allows(n: int, waves: int) -> None:
    assert calendar_of(tiny(n=n)).season.shape == (n, waves)
