"""What a model adds to the data by itself, in sentences taken from the recipe of its baseline."""

from __future__ import annotations

from mmm.data.panel import Panel
from mmm.models.design import KNOT_SPACING_YEARS, Design
from mmm.transforms.calendar import country_name, holiday_days, holiday_features, weekday_dummies

MONTHS = 12
NOWHERE = ""  # no country has this code: what is left are the retail peaks that every country gets


def features_added(panel: Panel) -> tuple[str, ...]:
    """One sentence for each thing the baseline of the default family holds besides the controls of the panel."""
    design = Design.of(panel)
    return (_trend(design), _season(design), *_weekday(design, panel), *_holidays(design, panel))


def _trend(design: Design) -> str:
    whose = "of each market" if design.n_markets > 1 else "of the whole"
    steps = len(design.knots) - 1
    drift = f"a level that may drift a little in {steps} {'step' if steps == 1 else 'steps'}"
    return f"A straight trend {whose}, and {drift} of about {MONTHS * KNOT_SPACING_YEARS:g} months."


def _season(design: Design) -> str:
    if design.harmonics == 1:
        return "A yearly season in 1 wave: the history is too short for a finer one."
    shortest = MONTHS / design.harmonics
    return f"A yearly season in {design.harmonics} waves, the shortest {shortest:g} months long, alike every year."


def _weekday(design: Design, panel: Panel) -> tuple[str, ...]:
    days = weekday_dummies(panel.periods, design.frequency).shape[1]
    return (f"The days of the week: {days} of them against Sunday.",) if days else ()


def _holidays(design: Design, panel: Panel) -> tuple[str, ...]:
    """Public holidays country by country, then the retail peaks that all countries share."""
    own = (design.country,) if design.countries is None else design.countries
    countries = [country for country in dict.fromkeys(own) if country is not None]
    if not countries or not design.holidays:
        return ("No public holidays: no country is chosen.",) if not countries else ()
    year = int(str(panel.periods[0])[:4])
    peaks = holiday_days(NOWHERE, year, year)
    said = []
    for country in countries:
        _, names = holiday_features(panel.periods, design.frequency, country)
        public = [name for name in names if name not in peaks]
        if public:
            said.append(f"Public holidays of {country_name(country)}: {', '.join(public)}.")
    shared = [name for name in design.holidays if name in peaks]
    return (*said, f"Retail peaks: {', '.join(shared)}.") if shared else tuple(said)
