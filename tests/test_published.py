"""Published values and averages find a metric by its one name, however they spell it."""

import pytest

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.plan import planning
from zsbench.plan.choices import Choices

PAPER = """description: d
paper: {title: t, year: 2020}
runs:
  - tasks: [{use: digits, metrics: [acc, mean-per-class]}, {use: glyphs, metrics: [acc@1, acc@5]}]
    methods: random-class
averages:
  - {name: both, tasks: [digits, glyphs], metric: acc(k=1)}
  - {name: main, tasks: [digits, glyphs]}
expected:
  EXPECTED: {value: 0.5, source: x, verified: false}
"""


def expected(tmp_path, key):
    path = tmp_path / "p.yaml"
    path.write_text(PAPER.replace("EXPECTED", key))
    return planning.make(str(path))


@pytest.mark.parametrize("key", ["acc on digits", "acc@1 on glyphs", "acc on both", "acc(k=1) on main"])
def test_a_published_value_is_found_by_the_canonical_name(tmp_path, key):
    found = expected(tmp_path, key)
    task = key.partition(" on ")[2]
    assert list(found.expected) == [("acc@1", task)]
    assert found.averages[0].metric == "acc@1"
    assert found.jobs[0].task.metrics == ["acc@1", "mean-per-class"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("acc@5 on digits", "p.yaml:10: no metric of 'digits' 'acc@5'"),
        ("mean-per-clas on digits", "did you mean 'mean-per-class'"),
        ("acc@1 on mine", "no task 'mine'"),
        ("acc@1 on digist", "no task 'digist'; did you mean 'digits'"),
        ("acc on digits: {value: 1, source: x, verified: true}\n  acc@1 on digits", "stands under two keys"),
    ],
)
def test_a_published_value_that_nothing_computes_is_refused(tmp_path, key, message):
    with pytest.raises(UserError, match=message):
        expected(tmp_path, key)


def test_spellings_of_one_metric_make_one_result():
    made = [planning.make("digits", Choices(methods=("random-class",), assignments=(f"task.metrics=[{name}]",)))
            for name in ("acc", "acc@1", "acc(k=1)", "acc@2")]  # fmt: skip
    hashes = [one.jobs[0].config_hash() for one in made]
    assert len(set(hashes[:3])) == 1
    assert hashes[3] not in hashes[:3]


def test_a_value_of_the_readers_own_model_may_name_a_task_of_his(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(PAPER.replace("EXPECTED: {", "acc@1 on mine: {model: mine-too, "))
    assert list(planning.make(str(path)).expected) == [("acc@1", "mine")]
    path.write_text(PAPER.replace("EXPECTED: {", "acc@l on mine: {model: mine-too, "))
    with pytest.raises(UserError, match="no metric 'acc@l'"):
        planning.make(str(path))


def test_an_open_value_belongs_to_the_only_method_that_the_paper_runs(tmp_path):
    path = tmp_path / "p.yaml"
    for key in ("acc@1 on digits", "acc@1 on both"):
        path.write_text(PAPER.replace("EXPECTED", key))
        for choices in (Choices(), Choices(methods=("mine=random-class",))):
            [[entry]] = planning.make(str(path), choices).expected.values()
            assert entry.method == "random-class"
    several = PAPER.replace("methods: random-class", "methods: [random-class, {name: random-class, label: again}]")
    path.write_text(several.replace("EXPECTED", "acc@1 on digits"))
    with pytest.raises(UserError, match=r"p\.yaml:10: .* 0\.5 without `method:`, where random-class and again run"):
        planning.make(str(path))


# What belongs to networks that are judged by their predictions, under whatever name these have.
JUDGED_BY_FILES = {"shrinkmatch"}


@pytest.mark.parametrize("name", sorted(catalog.configs("papers")))
def test_every_published_value_of_a_paper_belongs_to_one_method(name):
    plan = planning.make(f"papers/{name}")
    left_open = {
        (metric, task, entry.value) for (metric, task), of in plan.expected.items() for entry in of if not entry.method
    }
    assert not left_open or name in JUDGED_BY_FILES
