"""A result is shown again only for the same question, the same code and the same files; nothing finished is lost."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.records import TaskData
from zsbench.data.frames.frames import DepthFile, Frame
from zsbench.plan import _code_digest, identity, planning
from zsbench.plan.choices import Choices
from zsbench.results import claim
from zsbench.results.store import find_results
from zsbench.run import predict, runner


def evaluate(*arguments):
    outcome = CliRunner().invoke(app, ["eval", *map(str, arguments)])
    assert outcome.exit_code == 0, outcome.output
    return outcome


def one_job(name="synonyms", method="bm25", **settings):
    [job] = planning.make(name, Choices(methods=(method,), settings={"resamples": 200, **settings})).jobs
    return job


def run(job, out, **options):
    return runner.run(job, None, runner.Options(out, Cache(None), **options), lambda *_: None)


def test_another_question_under_the_same_names_leaves_the_finished_result_alone(tmp_path):
    whole = run(one_job(), tmp_path)
    limited = run(one_job(limit=10), tmp_path)
    assert (whole["n_items"], limited["n_items"]) == (120, 10)
    assert sorted(result["n_items"] for result in find_results(tmp_path)) == [10, 120]
    for job, result in ((one_job(), whole), (one_job(limit=10), limited)):
        assert runner.finished(job, runner.Options(tmp_path, Cache(None))) == result


def test_fresh_takes_the_plain_folder_and_moves_the_other_result_beside_it(tmp_path):
    run(one_job(), tmp_path)
    run(one_job(limit=10), tmp_path, fresh=True)
    plain = one_job().folder(tmp_path)
    assert json.loads((plain / "result.json").read_text())["n_items"] == 10
    assert runner.finished(one_job(), runner.Options(tmp_path, Cache(None)))["n_items"] == 120


def test_configs_that_read_alike_in_two_folders_are_two_questions(tmp_path):
    tasks = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "s.jsonl").write_text('{"tokens": ["x"], "spans": [[0, 0, "l"]]}\n')
        tasks.append(tmp_path / name / "col.yaml")
        tasks[-1].write_text("type: ner\ndescription: d\ndata: {source: jsonl-sentences, path: s.jsonl}\n")
    for task in tasks:
        evaluate(task, "--method", "capitalised-runs", "--out", tmp_path / "out", "--quiet")
    assert len(find_results(tmp_path / "out")) == 2
    outcome = CliRunner().invoke(
        app, ["eval", *map(str, tasks), "--method", "capitalised-runs", "--out", str(tmp_path)]
    )
    assert isinstance(outcome.exception, UserError)
    assert "two runs are both named col / none / capitalised-runs" in str(outcome.exception)


def test_asking_the_same_twice_in_one_command_is_no_mistake(tmp_path):
    evaluate("synonyms", "synonyms", "--method", "bm25", "--limit", "5", "--out", tmp_path, "--quiet")
    assert len(find_results(tmp_path)) == 1


def test_labels_on_the_command_line_keep_models_of_one_name_apart(tmp_path):
    models = ("a=clip-glyphs", "b=clip-glyphs")
    made = planning.make("glyphs", Choices(models=models, methods=("prompt-ensemble",)))
    assert [job.model_name for job in made.jobs] == ["a", "b"]


@pytest.fixture
def rule(tmp_path, monkeypatch):
    """A method of the user's own in a package beside zsbench, whose helper module can be edited."""
    package = tmp_path / "my_rules"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text("def key(i):\n    return i\n")
    (package / "own_order.py").write_text(
        textwrap.dedent(
            '''
            """An order of one's own."""
            from zsbench.config.components import method

            @method(family="rerank")
            def own_order():
                """Order by the helper's key."""
                def rank(model, item, collection):
                    from my_rules.helper import key
                    return sorted(range(len(item.documents)), key=key)
                return rank
            '''
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    return package


def test_the_digest_of_code_covers_what_a_module_imports_from_its_own_package(rule):
    import my_rules.own_order as module

    before = _code_digest.closure_digest([module])
    assert _code_digest.closure_digest([module]) == before
    (rule / "helper.py").write_text("def key(i):\n    return -i  # the other way round\n")
    assert _code_digest.closure_digest([module]) != before


@pytest.mark.parametrize("kind", ["tasks", "methods", "models", "data", "metrics"])
def test_the_code_of_every_kind_of_component_is_in_the_identity(kind, monkeypatch):
    [job] = planning.make("glyphs", Choices(models=("clip-glyphs",), methods=("zpe",))).jobs
    before = identity.code(job)
    part = {
        "tasks": "image_classification.py",
        "methods": "zpe.py",
        "models": "open_clip.py",
        "data": "parquet_images.py",
        "metrics": "classification.py",
    }[kind]
    original, touched = _code_digest._read, []

    def changed(path, modified):
        digest, imports = original(path, modified)
        if path.name == part:
            touched.append(path)
            return digest + "x", imports
        return digest, imports

    monkeypatch.setattr(_code_digest, "_read", changed)
    after = identity.code(job)
    assert touched, f"{part} is not among the sources of {job.title}"
    assert after != before


def test_a_second_run_of_the_same_question_waits_and_finds_the_result(tmp_path):
    job, order = one_job(), []
    question = identity.question(job)

    def hold():
        with claim.claimed(job.folder(tmp_path), question):
            order.append("held")
            time.sleep(0.6)
            order.append("released")

    holder = threading.Thread(target=hold)
    holder.start()
    while not order:
        time.sleep(0.01)
    told = []
    with claim.claimed(job.folder(tmp_path), question, waiting=told.append) as folder:
        order.append("second")
    holder.join()
    assert order == ["held", "released", "second"]
    assert folder == job.folder(tmp_path)
    assert len(told) == 1


def test_two_configs_at_once_in_one_folder_give_what_each_gives_alone(tmp_path):
    def command(out, *more):
        call = ["eval", "synonyms", "--method", "bm25", "--out", str(out), "--json"]
        return [sys.executable, "-m", "zsbench.cli.main", *call, *more]

    settings = (("--set", "method.b=0.9"), ("--set", "method.b=0.0"))
    alone = [
        json.loads(subprocess.run(command(tmp_path / str(i), *s), capture_output=True, check=True).stdout)["rows"]
        for i, s in enumerate(settings)
    ]
    running = [subprocess.Popen(command(tmp_path / "both", *s), stdout=subprocess.PIPE) for s in settings]
    together = [json.loads(process.communicate()[0])["rows"] for process in running]
    assert [process.returncode for process in running] == [0, 0]

    def values(rows):
        return [[row["value"] for row in found] for found in rows]

    assert values(together) == values(alone)
    assert values(alone)[0] != values(alone)[1]
    assert len(find_results(tmp_path / "both")) == 2


def test_shards_that_are_another_runs_are_never_scored(tmp_path, monkeypatch):
    job = one_job()
    real = predict.missing_shards

    def intruded(*arguments):
        done = real(*arguments)
        run_json = Path(job.folder(tmp_path)) / "run.json"
        run_json.write_text(json.dumps({"question": "other"}))
        return done

    monkeypatch.setattr(predict, "missing_shards", intruded)
    with pytest.raises(UserError, match="another run has written into"):
        run(job, tmp_path)
    assert not (job.folder(tmp_path) / "result.json").exists()


def test_files_stand_for_their_content_in_what_a_test_set_is(tmp_path):
    """A baseline that is kept in git is compared with results of other machines."""
    prints = []
    for folder, depth in (("here", b"1"), ("there", b"1"), ("other", b"2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0.png").write_bytes(depth)
        gold = DepthFile(tmp_path / folder / "0.png", 1000.0)
        items = [Frame("0", tmp_path / folder / "rgb.png", None)]
        prints.append(identity.test_fingerprint(TaskData(items, [gold], None, "")))
    assert prints[0] == prints[1] != prints[2]
