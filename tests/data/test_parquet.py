from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmm.data.inputs import ControlRole, Frequency, Labels
from mmm.data.panel import KpiKind, Panel
from mmm.data.parquet import panel_from_parquet, panel_to_parquet
from mmm.errors import DataError

names = st.text(min_size=1, max_size=6)
finite = st.floats(-1e12, 1e12)
money = st.floats(0, 1e12)
ARRAYS = ("kpi", "spend", "controls", "observed", "filled", "exposure", "value_per_kpi", "population", "periods")


@st.composite
def panels(draw) -> Panel:
    g, t, c, k = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(0, 2))

    def labels(n):
        return tuple(draw(st.lists(names, min_size=n, max_size=n, unique=True)))

    observed = draw(arrays(bool, (g, t)))
    exposure = draw(st.none() | arrays(float, (g, t, c), elements=money))
    if exposure is not None and draw(st.booleans()):
        exposure[:, :, 0] = np.nan
    return Panel(
        labels=Labels(labels(g), labels(c), labels(k), (ControlRole.PREDICTOR,) * k, draw(st.sampled_from(Frequency))),
        periods=np.datetime64("2022-01-03") + 7 * np.arange(t),
        kpi=draw(arrays(float, (g, t), elements=finite)),
        spend=draw(arrays(float, (g, t, c), elements=money)),
        controls=draw(arrays(float, (g, t, k), elements=finite)),
        observed=observed,
        filled=~observed & draw(arrays(bool, (g, t))),
        exposure=exposure,
        value_per_kpi=draw(st.none() | arrays(float, (g, t), elements=money)),
        population=draw(st.none() | arrays(float, (g,), elements=money)),
        kpi_name=draw(names),
        kpi_kind=draw(st.sampled_from(KpiKind)),
        currency="GBP",
        margin=draw(st.none() | st.floats(0.01, 1)),
        country=draw(st.none() | st.just("DE")),
        countries=draw(st.none() | st.just((None, "DE", "US")[:g])),
        meta=draw(st.dictionaries(names, names, max_size=2)),
    )


@settings(deadline=None)
@given(panels())
def test_a_panel_reads_back_equal_and_its_bytes_are_its_own(panel):
    data = panel_to_parquet(panel)
    again = panel_from_parquet(data)
    for name in ARRAYS:
        before, after = getattr(panel, name), getattr(again, name)
        assert (before is None) == (after is None)
        if before is not None:
            assert before.dtype.kind == after.dtype.kind
            np.testing.assert_array_equal(before, after)
    for name in ("labels", "kpi_name", "kpi_kind", "currency", "margin", "country", "countries", "meta"):
        assert getattr(panel, name) == getattr(again, name)
    assert panel_to_parquet(again) == data


@pytest.fixture
def small() -> Panel:
    return Panel(
        labels=Labels(("national",), ("tv",)),
        periods=np.datetime64("2022-01-03") + 7 * np.arange(3),
        kpi=np.ones((1, 3)),
        spend=np.ones((1, 3, 1)),
        controls=np.zeros((1, 3, 0)),
        observed=np.ones((1, 3), dtype=bool),
        filled=np.zeros((1, 3), dtype=bool),
    )


def test_the_columns_say_what_they_are(small):
    table = pq.read_table(pa.BufferReader(panel_to_parquet(small)))
    assert table.column_names == ["market", "period", "kpi", "observed", "filled", "spend:tv"]


def test_what_is_no_stored_panel_is_refused(small):
    data = panel_to_parquet(small)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), sink)
    for bad in (b"", b"PAR1", data[:-9], sink.getvalue().to_pybytes()):
        with pytest.raises(DataError, match="not a stored panel"):
            panel_from_parquet(bad)


def test_an_unknown_format_is_refused_with_its_number(small, monkeypatch):
    monkeypatch.setattr("mmm.data.parquet.FORMAT_VERSION", 7)
    data = panel_to_parquet(replace(small))
    monkeypatch.undo()
    with pytest.raises(DataError, match="has format 7; this version reads 1"):
        panel_from_parquet(data)
