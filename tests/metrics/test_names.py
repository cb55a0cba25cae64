"""One name for one metric, and parameters that are checked however their annotation is written."""

import inspect
import math
import typing

import numpy as np
import pytest
from annotated_types import Ge, Gt, Le, Lt

from tests.metrics import examples
from tests.metrics.test_common import FOUND
from zsbench.config import catalog
from zsbench.config.components import option_defaults, option_hints
from zsbench.core.errors import UserError, UserErrors
from zsbench.metrics import _grammar, naming

PARAMETERS = [(name, key) for name in FOUND for key in option_hints(naming.declared(name))]

CUT = {"delta": "@1"}  # beyond the third power everything is near enough


def leaves(hint):
    """Return the plain parts of an annotation: types, choices and marks."""
    if typing.get_origin(hint) is typing.Annotated:
        return [*leaves(typing.get_args(hint)[0]), *hint.__metadata__]
    if typing.get_origin(hint) is typing.Literal:
        return list(typing.get_args(hint))
    return [leaf for part in typing.get_args(hint) for leaf in leaves(part)] or [hint]


def spelled(name, key, text):
    """Return the metric's name with a parameter, and with a cut-off where it needs one."""
    needs = option_defaults(naming.declared(name)).get("k") is not None and key != "k"
    return f"{name}({key}={text})" + (CUT.get(name, "@3") if needs else "")


@pytest.mark.parametrize(("name", "key"), PARAMETERS, ids=lambda part: part)
def test_nonsense_in_any_parameter_is_refused(name, key):
    parts = leaves(option_hints(naming.declared(name))[key])
    wrong = ["", "nan", "inf"] if str not in parts else [""]
    wrong += ["wrost", "1e999"] if str not in parts else []
    for part in parts:
        for mark, bound, step in ((Ge, "ge", -1), (Gt, "gt", 0), (Le, "le", 1), (Lt, "lt", 0)):
            if isinstance(part, mark):
                end = getattr(part, bound)
                beyond = end + step
                # Next to a bound of many digits one more is nothing.
                wrong.append(str(math.nextafter(end, step * math.inf) if step and beyond == end else beyond))
    wrong += ["1.5", "true"] if int in parts else []
    for text in wrong:
        with pytest.raises(UserError, match=r"expected|no metric name"):
            naming.resolve(spelled(name, key, text), where="t.yaml:3")
    typo = spelled(name, key + "x", "1")
    with pytest.raises(UserError, match=f"did you mean|it takes: .*{key}"):
        naming.resolve(typo)


@pytest.mark.parametrize(("name", "key"), PARAMETERS, ids=lambda part: part)
def test_numbers_say_their_bounds_and_choices_their_nearest(name, key):
    parts = leaves(option_hints(naming.declared(name))[key])
    if {int, float} & set(parts):
        assert [part for part in parts if isinstance(part, (Ge, Gt, Le, Lt))]
    words = [part for part in parts if isinstance(part, str) and len(part) > 3]
    if words:
        with pytest.raises(UserError, match=f"did you mean '{words[0]}"):
            naming.resolve(spelled(name, key, words[0] + "x"))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("acc", "acc@1"),
        ("acc(k=1)", "acc@1"),
        ("acc( k = 3 )", "acc@3"),
        ("acc@003", "acc@3"),
        ("acc()@1", "acc@1"),
        ("MAP(rel=1)", "MAP"),
        ("MAP(rel=2)@10", "MAP(rel=2)@10"),
        ("nDCG(gain=linear)@10", "nDCG@10"),
        ("SILog(scale=100.0,average=pixel,focus=.50)", "SILog(average=pixel,focus=0.5,scale=100)"),
        ("acc-among", "acc-among(items=certain)"),
        ("multilabel:mAP(interpolation=none)", "multilabel:mAP"),
        ("multilabel:mAP(interpolation=11)", "multilabel:mAP(interpolation=11)"),
        ("ndcg_cut_10", "nDCG@10"),
        ("recall.5", "Recall@5"),
        ("recip_rank", "MRR"),
    ],
)
def test_a_metric_has_one_name(written, canonical):
    assert naming.resolve(written).name == canonical
    assert naming.resolve(canonical).name == canonical


def test_reducers_get_the_same_parameters_as_statistics():
    macro, micro = naming.resolve("F1(average=macro)"), naming.resolve("F1(average=micro)")
    assert micro.name == "F1"
    assert macro.of_sums.keywords == {"average": "macro"}
    assert micro.of_sums.keywords == {"average": "micro"}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("acc(k=3)@1", "cut-off twice"),
        ("acc(k=1,k=2)", "gives k twice"),
        ("acc@0", "at least 1"),
        ("acc@-1", "no metric name"),
        ("hit(query=)@1", "key=value"),
        ("hit(query=txt)@1", "did you mean 'text'"),
        ("hit(ties=wrost)@1", "did you mean 'worst'"),
        ("ACC@5", "did you mean 'acc@5'"),
        ("ndcg(gain=exp)@10", r"did you mean 'nDCG\(gain=exp\)@10'"),
        ("hit@1(ties=worst)", r"did you mean 'hit\(ties=worst\)@1'"),
        ("Recall", "e.g. 'Recall@10'"),
        ("delta@1000000", "at most 100"),
        ("hit@99999999999999999999", "an integer"),
        ("Bpref(rel=-1)", "at least 1"),
    ],
)
def test_wrong_names_say_what_was_meant(written, message):
    with pytest.raises(UserError, match=message):
        naming.resolve(written)


def test_a_list_names_every_mistake_and_no_metric_twice():
    names = ["acc", "acc@5", "mean-per-clas", "acc@1", "acc(k=5)"]
    with pytest.raises(UserErrors) as wrong:
        naming.resolve_all(names, kinds=("classification",), where=lambda i: f"t.yaml:{i}")
    assert [error.where for error in wrong.value.errors] == ["t.yaml:2", "t.yaml:3", "t.yaml:4"]
    assert "twice" in str(wrong.value.errors[1])
    assert "it is 'acc@5'" in str(wrong.value.errors[2])


def test_a_kind_may_be_written_where_it_fits_and_names_are_found_by_any_spelling():
    assert naming.resolve("spans:recall", kinds=("spans",)).name == "recall"
    with pytest.raises(UserError):
        naming.resolve("spans:recall", kinds=("retrieval",))
    assert naming.named("acc", ["acc@1", "acc@5"]) == "acc@1"
    assert naming.named("recall@5", ["recall", "recall@5"]) == "recall@5"
    assert naming.named("mean of main metrics", ["mean of main metrics"]) == "mean of main metrics"
    assert naming.named("acc@3", ["acc@1"]) is None


def test_a_default_is_written_into_names_that_take_it():
    def with_rel(name):
        return naming.with_default(name, "rel", 2, kinds=("ranking",))

    assert [with_rel(name) for name in ("MAP", "map", "nDCG@10", "Recall@5", "Recall(rel=1)@5", "P(", "zzz")] == [
        "MAP(rel=2)", "MAP(rel=2)", "nDCG@10", "Recall(rel=2)@5", "Recall(rel=1)@5", "P(", "zzz"]  # fmt: skip


def test_names_from_trec_eval():
    assert [_grammar.of_trec_eval(name) for name in ("P_5", "map_cut.10", "Rprec", "num_ret")] == [
        "P@5", "MAP@10", "R-Prec", "num_ret"]  # fmt: skip


def other(name, key):
    """Return a value of a parameter that is not its default."""
    function = naming.declared(name)
    default, parts = option_defaults(function)[key], leaves(option_hints(function)[key])
    words = [part for part in parts if isinstance(part, str) and part not in (default, "")]
    if words:
        return words[0]
    values = {
        "threshold": "0.3",
        "focus": "0.5",
        "scale": "100",
        "rel": "2",
        "of": "clicks",
        "candidates": "6",
        "fraction": "0.5",
    }
    return {**values, "min_overlap": "60"}.get(key, "2")


BESIDE = {"absent": "average=class,", "mode": "matching=best,"}


@pytest.mark.parametrize(("name", "key"), PARAMETERS, ids=lambda part: part)
def test_every_parameter_changes_something(name, key):
    """Between the default, or a cut-off of 1 where there is none, and another value; undefined counts as a value."""
    kind = FOUND[name][0]
    default = option_defaults(naming.declared(name))[key]
    changed = f"{name}@2" if key == "k" else spelled(name, BESIDE.get(key, "") + key, other(name, key))
    base = f"{name}@1" if default is inspect.Parameter.empty else name
    if key != "k" and "@" in changed:
        base = f"{name}{CUT.get(name, '@3')}"
    if key in BESIDE:
        base = spelled(name, *BESIDE[key].strip(",").split("="))
    assert any(
        not np.array_equal(*(value_of(metric, kind, seed) for metric in (base, changed)), equal_nan=True)
        for seed in range(40)
    )


def value_of(name, kind, seed):
    """Return a metric's value on an example, or NaN where it has none.

    Of few items, with ties, images of different sizes and documents that nobody judged: what some parameters speak of.
    """
    rng = np.random.default_rng(seed)
    pred, gold = examples.KINDS[kind].example(rng, 5 + seed % 3)
    if kind in ("retrieval", "concepts"):
        pred = [{key: score // (4 if kind == "retrieval" else 2) for key, score in row.items()} for row in pred]
    if kind == "depth":
        pred, gold = ([row[: 3 + 5 * i] for i, row in enumerate(part)] for part in (pred, gold))
    if kind == "ranking":
        gold = [{key: grade for key, grade in row.items() if key not in ("d1", "d2", "d3", "d4")} for row in gold]
    try:
        return naming.resolve(name).compute(pred, gold)
    except ValueError:
        return np.nan


def test_a_parameter_without_effect_is_refused():
    with pytest.raises(UserError, match="absent is a parameter without effect where `average` is 'item'"):
        naming.resolve("H(absent=zero)")
    assert naming.resolve("H(average=class,absent=zero)").name == "H(average=class,absent=zero)"


def other_spelling(name, kinds):
    """The same metric written otherwise: its cut-off as a parameter, else with its kind."""
    base, _, cutoff = name.partition("@")
    if cutoff:
        return f"{base[:-1]},k={cutoff})" if base.endswith(")") else f"{base}(k={cutoff})"
    kind = next(entry.family for key, entry in catalog.metrics(kinds).items() if key == name.partition("(")[0])
    return f"{kind}:{name}"


@pytest.mark.parametrize("task_type", catalog.components("tasks"))
def test_no_type_of_task_counts_its_items_twice_for_two_spellings_of_a_metric(task_type):
    module = catalog.load_module("tasks", task_type)
    kinds = module.Task.metric_kinds
    for name in module.Config.model_fields["metrics"].default:
        own = naming.resolve(name, kinds=kinds).name
        for again in (own, other_spelling(own, kinds)):
            assert naming.resolve(again, kinds=kinds).name == own
            with pytest.raises(UserErrors) as wrong:
                naming.resolve_all([own, again], kinds=kinds, where=lambda i: f"t.yaml:{i}")
            assert [error.where for error in wrong.value.errors] == ["t.yaml:1"]
