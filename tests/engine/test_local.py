"""One job's failure, whatever it is, is that job's row; the others run, and errors survive the way between processes."""

import json
import pickle

import pytest

from zsbench.core.cache import Cache
from zsbench.core.errors import RunError, UserError, UserErrors
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.results.store import find_results
from zsbench.run import predict, runner
from zsbench.search import bm25


@pytest.mark.parametrize(
    "error", [KeyError("a"), TypeError("b"), OverflowError("c"), ZeroDivisionError(), MemoryError()]
)
def test_any_exception_of_one_job_leaves_the_others_alone(error, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(bm25.Bm25, "scores_of", broken)
    made = planning.make("synonyms", Choices(methods=("bm25", "random-order"), settings={"limit": 5, "resamples": 200}))
    options = runner.Options(tmp_path, Cache(None))
    first, second = local.run(made, options, lambda *_: None, lambda _: None)
    assert isinstance(first.error, RunError)
    assert type(error).__name__ in str(first.error)
    assert second.error is None
    assert second.result["n_items"] == 5


def test_errors_survive_pickling():
    single, run = UserError("a.yaml:3", "found", "expected", "hint"), RunError("job", "failed")
    for error in (single, run, UserErrors([single, run])):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)
    assert UserErrors([single, run]).exit_code == run.exit_code


def test_a_resumed_run_reports_what_both_parts_cost(tmp_path, monkeypatch):
    monkeypatch.setattr(predict.Pace, "allows", lambda *_: True)
    choices = Choices(models=("lm-synonyms",), methods=("pointwise",), settings={"limit": 8, "resamples": 200})
    [job] = planning.make("synonyms", choices).jobs

    def run(out, stop_after=None):
        model = job.model.build()
        real, asked = type(model).label_logits, []

        def label_logits(self, *arguments, **options):
            if stop_after is not None and len(asked) == stop_after:
                raise KeyboardInterrupt
            asked.append(1)
            return real(self, *arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(type(model), "label_logits", label_logits)
            return runner.run(job, model, runner.Options(out, Cache(None)), lambda *_: None)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", stop_after=5)
    resumed, whole = run(tmp_path / "killed"), run(tmp_path / "whole")
    assert resumed["resumed_items"] > 0
    for key in ("forward_passes", "tokens"):
        assert resumed["cost"][key] == whole["cost"][key] > 0
    assert [json.dumps(r["metrics"]) for r in find_results(tmp_path)] == [json.dumps(whole["metrics"])] * 2
