"""The head of a column of intervals says their confidence; several levels in one table are said at each."""

import io

import pytest
from rich.console import Console

from zsbench.core.errors import UserError
from zsbench.metrics.intervals import interval
from zsbench.metrics.naming import resolve
from zsbench.report import series, tables, terminal


def result(task, confidence, model="m"):
    score = {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "%", "n": 9}
    settings = {} if confidence is None else {"settings": {"confidence": confidence}}
    about = {"method": "x", "metrics": {"acc@1": score}, "config": settings, "config_hash": task + model}
    return {"task": task, "model": model, "data_fingerprint": "f", **about}


def test_one_level_stands_in_the_head_and_several_in_the_cells():
    assert "95 % interval" in tables.header(tables.rows([result("a", None), result("b", 0.95)]))
    one = tables.rows([result("a", 0.9), result("b", 0.9)])
    assert "90 % interval" in tables.to_markdown(one)
    assert "40.0 – 60.0 |" in tables.to_markdown(one)
    two = tables.rows([result("a", 0.9), result("b", 0.995)])
    text = tables.to_markdown(two)
    assert "| interval |" in text
    assert "40.0 – 60.0 (90 %) |" in text
    assert "40.0 – 60.0 (99.5 %) |" in text
    for width in (60, 160):
        screen = io.StringIO()
        Console(file=screen, width=width).print(terminal.to_rich(two, width))
        assert "(99.5 %)" in screen.getvalue()
    assert "90 \\% interval" in tables.to_latex(one)


def test_checkpoints_are_compared_at_one_level():
    found = series.steps([result("a", 0.9, "m"), result("a", 0.9, "n")], ["m", "n"])
    assert [step.confidence for step in found] == [0.9, 0.9]
    with pytest.raises(UserError, match="intervals at 90 % and 95 %"):
        series.steps([result("a", 0.9, "m"), result("a", 0.95, "n")], ["m", "n"])


@pytest.mark.parametrize("resamples", [100, 999, 1500])
def test_as_many_resamples_as_were_asked_for(resamples):
    metric = resolve("MAP")
    table = metric.statistics([{"d": 1.0, "e": 2.0}] * 3, [{"d": 1, "e": 0}, {"d": 0, "e": 1}, {"d": 1, "e": 1}])[
        :, None
    ]
    assert interval(metric, table, resamples=resamples)[2] == f"bootstrap(B={resamples}, seed=0)"
