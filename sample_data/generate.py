"""Writes the sample data set and its truth: `python sample_data/generate.py`. Same seed, same files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from mmm.data.inputs import ControlRole
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.panel import KpiKind
from mmm.data.simulate import World, WorldSettings, simulate

HERE = Path(__file__).parent
SEED = 2026
SETTINGS = WorldSettings(n_periods=156, first_period="2023-11-13")
MARGIN = 0.45  # invented, as everything here: it makes the break-even return 2.2


def table(world: World) -> pd.DataFrame:
    """What an analyst would upload: one row a week."""
    panel = world.panel
    columns: dict[str, object] = {"week": panel.periods.astype(str), "revenue": panel.kpi[0]}
    columns |= {f"{name}_spend": panel.spend[0, :, i] for i, name in enumerate(panel.labels.channels)}
    columns |= {name: panel.controls[0, :, i] for i, name in enumerate(panel.labels.controls)}
    return pd.DataFrame(columns)


def title(channel: str) -> str:
    """A channel's name as people read it."""
    return channel.replace("_", " ").capitalize()


def mapping(world: World) -> Mapping:
    """What each column of `table` is."""
    labels = world.panel.labels
    return Mapping(
        date="week",
        kpi="revenue",
        kpi_kind=KpiKind.REVENUE,
        margin=MARGIN,
        currency="EUR",
        channels={title(name): ChannelColumns(spend=f"{name}_spend") for name in labels.channels},
        controls=dict.fromkeys(labels.controls, ControlRole.CONFOUNDER),
    )


def spec(world: World) -> dict[str, object]:
    """A specification for `mmm run` on `table`."""
    labels = world.panel.labels
    return {
        "date": "week",
        "kpi": "revenue",
        "margin": MARGIN,
        "currency": "EUR",
        "channels": {name: {"spend": f"{name}_spend"} for name in labels.channels},
        "controls": list(labels.controls),
        "plan": {"horizon": 12, "bounds": {"default": [0.3, 2.0]}},
    }


def truth(world: World) -> dict[str, object]:
    """The laws of the world and what each channel really brought, week by week."""
    panel, laws = world.panel, world.truth
    channels = panel.labels.channels
    contributions = laws.contributions(panel.spend)
    per_channel = {
        name: {
            "decay": round(float(laws.decay[i]), 6),
            "half_saturation": round(float(laws.half_saturation[i]), 2),
            "slope": round(float(laws.slope[i]), 6),
            "effect_at_full_saturation": round(float(laws.effect[i]), 2),
            "roi": round(float(laws.roi(panel.spend)[i]), 4),
            "contribution_total": round(float(contributions[..., i].sum()), 2),
            "contribution_by_week": contributions[0, :, i].round(2).tolist(),
        }
        for i, name in enumerate(channels)
    }
    synergy = {f"{channels[i]} x {channels[j]}": round(value, 2) for (i, j), value in laws.synergy.items()}
    return {
        "note": "Simulated. Contributions are drop-one: everything on minus that channel at zero from the first week.",
        "seed": SEED,
        "currency": "EUR",
        "channels": per_channel,
        "synergy_at_full_saturation": synergy,
        "control_effects": dict(zip(panel.labels.controls, laws.control_effect.round(2).tolist(), strict=True)),
        "noise_sd": round(float(laws.noise_sd[0]), 2),
    }


def main() -> None:
    """Write the four files beside this script."""
    world = simulate(SETTINGS, SEED)
    table(world).to_csv(HERE / "sample_weekly.csv", index=False)
    (HERE / "sample_mapping.json").write_text(mapping(world).to_json() + "\n", encoding="utf-8")
    for name, content in (("sample_spec.json", spec(world)), ("sample_truth.json", truth(world))):
        (HERE / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
