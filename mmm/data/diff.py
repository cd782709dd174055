"""What changed between two versions of a data set: cells, series, periods, settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]

MAX_CELLS = 1_000  # changed cells that are listed, the largest first; `n_cells` counts all
SAME = 1e-9  # relative: smaller differences are roundings


@dataclass(frozen=True)
class PanelCell:
    """One cell that differs.

    Attributes:
        kind: "KPI", "value per KPI", "spend", "exposure" or "control".
        series: name of the KPI, channel or control.
        relative: change as a share of the old value; None where the old one is zero or one of them is unknown.
    """

    kind: str
    series: str
    market: str
    period: str
    old: float | None
    new: float | None
    relative: float | None


@dataclass(frozen=True)
class SeriesTotal:
    """A series' sum over all markets and periods; None on the side that lacks the series."""

    kind: str
    series: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class SettingChange:
    """A setting that differs, both values as texts; empty where not set."""

    setting: str
    old: str
    new: str


@dataclass(frozen=True)
class NameChanges:
    """Names that only the newer or only the older version has, in their order."""

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class PanelDiff:
    """What changed between two versions.

    Attributes:
        cells: changed cells of series, markets and periods that both have, the largest relative change first; at most
            `MAX_CELLS`.
        n_cells: how many changed in all.
        totals: every series' sum in both, where it differs.
        refitted: periods and markets whose use for fitting changed, as "market, period".
    """

    periods: NameChanges
    markets: NameChanges
    channels: NameChanges
    controls: NameChanges
    cells: tuple[PanelCell, ...]
    n_cells: int
    totals: tuple[SeriesTotal, ...]
    settings: tuple[SettingChange, ...]
    refitted: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        names = (self.periods, self.markets, self.channels, self.controls)
        same_names = all(change == NameChanges() for change in names)
        return same_names and not (self.n_cells or self.totals or self.settings or self.refitted)

    def as_dict(self) -> dict[str, Any]:
        """The differences as JSON-able values."""
        return asdict(self)


def diff_panels(old: Panel, new: Panel) -> PanelDiff:
    """Compare two versions of a data set; series are matched by name, cells by market and period."""
    before, after = _series(old), _series(new)
    both = _Shared(old, new)
    found = [cell for key in before if key in after for cell in _cells(key, before[key], after[key], both)]
    found.sort(key=lambda cell: (-_size(cell), cell.kind, cell.series, cell.market, cell.period))
    return PanelDiff(
        periods=_names(_labels(old.periods), _labels(new.periods)),
        markets=_names(old.labels.markets, new.labels.markets),
        channels=_names(old.labels.channels, new.labels.channels),
        controls=_names(old.labels.controls, new.labels.controls),
        cells=tuple(found[:MAX_CELLS]),
        n_cells=len(found),
        totals=tuple(_totals(before, after)),
        settings=tuple(_settings(old, new)),
        refitted=both.refitted(),
    )


class _Shared:
    """Markets and periods that both panels have, as positions in each."""

    def __init__(self, old: Panel, new: Panel) -> None:
        self._panels = old, new
        self.markets = [name for name in old.labels.markets if name in new.labels.markets]
        self.periods, at_old, at_new = np.intersect1d(old.periods, new.periods, return_indices=True)
        self._at = (
            np.ix_(_positions(old, self.markets), at_old),
            np.ix_(_positions(new, self.markets), at_new),
        )

    def cut(self, old: NDArray[Any], new: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Both arrays `[market, period]` on what they share."""
        return old[self._at[0]], new[self._at[1]]

    def refitted(self) -> tuple[str, ...]:
        """Where use for fitting differs."""
        old, new = self.cut(self._panels[0].observed, self._panels[1].observed)
        return tuple(f"{self.markets[m]}, {self.periods[t]}" for m, t in np.argwhere(old != new))


def _positions(panel: Panel, markets: list[str]) -> NDArray[np.int64]:
    return np.array([panel.labels.markets.index(name) for name in markets], dtype=np.int64)


Key = tuple[str, str]


def _series(panel: Panel) -> dict[Key, FloatArray]:
    """Every series of a panel `[market, period]` by its kind and name; a filled KPI counts as it is."""
    found: dict[Key, FloatArray] = {("KPI", "KPI"): panel.kpi}
    if panel.value_per_kpi is not None:
        found["value per KPI", "KPI"] = panel.value_per_kpi
    for position, channel in enumerate(panel.labels.channels):
        found["spend", channel] = panel.spend[:, :, position]
        if panel.exposure is not None and not np.isnan(panel.exposure[:, :, position]).all():
            found["exposure", channel] = panel.exposure[:, :, position]
    for position, control in enumerate(panel.labels.controls):
        found["control", control] = panel.controls[:, :, position]
    return found


def _cells(key: Key, old: FloatArray, new: FloatArray, both: _Shared) -> Iterator[PanelCell]:
    a, b = both.cut(old, new)
    differ = ~(np.isclose(a, b, rtol=SAME, atol=0) | (np.isnan(a) & np.isnan(b)))
    for market, period in np.argwhere(differ):
        before, after = _number(a[market, period]), _number(b[market, period])
        relative = None if not before or after is None else (after - before) / abs(before)
        yield PanelCell(*key, both.markets[market], str(both.periods[period]), before, after, relative)


def _size(cell: PanelCell) -> float:
    return np.inf if cell.relative is None else abs(cell.relative)


def _totals(before: dict[Key, FloatArray], after: dict[Key, FloatArray]) -> Iterator[SeriesTotal]:
    for key in dict.fromkeys([*before, *after]):
        if key[0] in ("control", "value per KPI"):
            continue
        old = float(np.nansum(before[key])) if key in before else None
        new = float(np.nansum(after[key])) if key in after else None
        if old is None or new is None or not np.isclose(old, new, rtol=SAME, atol=0):
            yield SeriesTotal(*key, old, new)


def _settings(old: Panel, new: Panel) -> Iterator[SettingChange]:
    for setting, before, after in (
        ("currency", old.currency, new.currency),
        ("margin", old.margin, new.margin),
        ("country", old.country, new.country),
        ("KPI", old.kpi_name, new.kpi_name),
        ("channels that follow demand", _listed(old.captures_demand), _listed(new.captures_demand)),
        ("KPI kind", old.kpi_kind.value, new.kpi_kind.value),
        ("period length", old.labels.frequency.value, new.labels.frequency.value),
        *_by_market(old, new),
        *_roles(old, new),
    ):
        if before != after:
            yield SettingChange(setting, _text(before), _text(after))


def _by_market(old: Panel, new: Panel) -> Iterator[tuple[str, object, object]]:
    """Population and country of each market that both have."""
    sides = [
        {
            name: (
                None if panel.population is None else float(panel.population[at]),
                None if panel.countries is None else panel.countries[at],
            )
            for at, name in enumerate(panel.labels.markets)
        }
        for panel in (old, new)
    ]
    for market in (name for name in sides[0] if name in sides[1]):
        (people, country), (more_people, other_country) = sides[0][market], sides[1][market]
        yield f"population of {market}", people, more_people
        yield f"country of {market}", country, other_country


def _roles(old: Panel, new: Panel) -> Iterator[tuple[str, str, str]]:
    before = dict(zip(old.labels.controls, old.labels.control_roles, strict=True))
    after = dict(zip(new.labels.controls, new.labels.control_roles, strict=True))
    for control, role in before.items():
        if control in after:
            yield f"role of {control}", role.value, after[control].value


def _names(old: tuple[str, ...], new: tuple[str, ...]) -> NameChanges:
    before, after = set(old), set(new)
    return NameChanges(
        tuple(name for name in new if name not in before), tuple(name for name in old if name not in after)
    )


def _labels(periods: NDArray[np.datetime64]) -> tuple[str, ...]:
    return tuple(periods.astype("datetime64[D]").astype(str).tolist())


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _listed(names: tuple[str, ...]) -> str | None:
    return ", ".join(sorted(names)) or None


def _text(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
