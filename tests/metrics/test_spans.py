"""Metrics of spans against their definitions, written out sentence by sentence, and what cannot change them."""

import functools
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zsbench.data.sentences.sentence import Mention
from zsbench.methods.ner.decoding import decode
from zsbench.metrics import naming
from zsbench.metrics.spans.answers import normal
from zsbench.metrics.spans.mentions import Mentions, joint, sides
from zsbench.models.spans.candidates import above
from zsbench.tasks.ner._oddities import left_out
from zsbench.tasks.ner.ner import Task

TEXTS = ["Queen", "the Queen", "QUEEN!", "ABBA", "a", ""]
LABELS = ["band", "song"]
FEW = settings(max_examples=40)


@st.composite
def rows(draw, *, nested=True, placed=True):
    """Draw the rows of a sentence: anywhere, or side by side; scores are few, so that some are equal."""
    found, free = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, 6)) if nested else free + draw(st.integers(0, 2))
        end = start + draw(st.integers(0, 3))
        free = end + 1
        label, text = draw(st.sampled_from(LABELS)), draw(st.sampled_from(TEXTS))
        is_placed = placed or draw(st.integers(0, 4)) > 0
        score = draw(st.sampled_from([0.1, 0.2, 0.5, 0.9]))
        found.append(Mention(*((start, end) if is_placed else (None, None)), label, score, text))
    return found


def sentences(**kinds):
    return st.lists(st.tuples(rows(**kinds), rows(**kinds)), min_size=1, max_size=4).map(
        lambda pairs: tuple(map(list, zip(*pairs, strict=True)))
    )


@functools.cache
def metric(name):
    return naming.resolve(name, kinds=Task.metric_kinds)


def table(name, pred, gold):
    return metric(name).statistics(pred, gold)


def value(name, pred, gold):
    return metric(name).compute(pred, gold)


@FEW
@given(sentences(placed=False), st.sampled_from([None, "band", "nobody"]))
def test_exact_counts_are_those_of_sets(both, label):
    expected = []
    for pred, gold in zip(*both, strict=True):
        p, g = ({row for row in side if label in (None, row.label)} for side in (pred, gold))
        placed_p, placed_g = ({row[:3] for row in side if row.start is not None} for side in (p, g))
        right = len(placed_p & placed_g)
        lost_p, lost_g = (sum(row.start is None for row in side) for side in (p, g))
        expected.append([right, len(placed_p) - right + lost_p, len(placed_g) - right + lost_g])
    suffix = "" if label is None else f"(label={label})"
    assert table(f"F1{suffix}", *both).tolist() == expected
    totals = np.sum(expected, axis=0)
    assert [value(f"{count}{suffix}", *both) for count in ("TP", "FP", "FN")] == totals.tolist()
    assert value(f"support{suffix}", *both) == totals[0] + totals[2]


@FEW
@given(sentences(placed=False))
def test_labels_side_by_side_are_the_labels_alone(both):
    names = sides(*both).names
    wide = table("F1(average=macro)", *both).reshape(len(both[1]), len(names), 3)
    for number, name in enumerate(names):
        assert wide[:, number].tolist() == table(f"F1(label={name})", *both).tolist()


def by_definition(pred, gold, mode, *, least=1.0, best=False):
    """Return correct, unlike, missed, spurious of one sentence."""

    def in_order(row):
        return row[:3]

    pred = sorted((row for row in pred if row.start is not None), key=in_order)
    gold = sorted((row for row in gold if row.start is not None), key=in_order)
    correct = unlike = spurious = 0
    for p in pred:
        free = [
            g for g in gold
            if 100 * (min(p.end, g.end) - max(p.start, g.start) + 1) / (g.end - g.start + 1) >= least
        ]  # fmt: skip
        same_borders, same_label = ([g for g in free if g[part] == p[part]] for part in (slice(2), slice(2, 3)))
        fits = {"type": same_label, "strict": [g for g in same_borders if g.label == p.label]}.get(mode, same_borders)
        if not free:
            spurious += 1
            continue
        suited = sorted(fits, key=lambda g: abs(g.start - p.start) + abs(g.end - p.end)) if best else []
        taken = suited[0] if suited else free[0]
        correct += any(taken is g for g in fits)
        unlike += not any(taken is g for g in fits)
        gold = [g for g in gold if g is not taken]
    return correct, unlike, len(gold), spurious


@pytest.mark.parametrize("mode", ["strict", "exact", "partial", "type"])
@FEW
@given(both=sentences(), least=st.sampled_from([1, 50, 67]), best=st.booleans())
def test_greedy_matching_is_that_of_the_definition(mode, both, least, best):
    name = f"nervaluate-F1(mode={mode},min_overlap={least},matching={'best' if best else 'first'})"
    for pred, gold, counted in zip(*both, table(name, *both).tolist(), strict=True):
        correct, incorrect, partial, missed, spurious = counted
        expected = by_definition(pred, gold, mode, least=least, best=best)
        assert (correct, incorrect + partial, missed, spurious) == expected
        assert (incorrect if mode == "partial" else partial) == 0
        of_label = table(name.replace(")", ",label=band)"), [pred], [gold])[0]
        alone = [[row for row in side if row.label == "band"] for side in (pred, gold)]
        assert of_label.tolist() == table(name, [alone[0]], [alone[1]])[0].tolist()


@FEW
@given(sentences(nested=False), st.sampled_from(["first", "best"]))
def test_strict_matching_of_spans_side_by_side_is_exact_matching(both, matching):
    exact = table("F1", *both)
    strict = table(f"nervaluate-F1(mode=strict,matching={matching})", *both)
    assert strict[:, 0].tolist() == exact[:, 0].tolist()
    assert (strict[:, [0, 1, 4]].sum(axis=1) == exact[:, :2].sum(axis=1)).all()
    assert (strict[:, [0, 1, 3]].sum(axis=1) == exact[:, [0, 2]].sum(axis=1)).all()
    for share in ("F1", "precision", "recall"):
        assert value(share, *both) == pytest.approx(value(f"nervaluate-{share}", *both), abs=1e-12, nan_ok=True)


@FEW
@given(sentences(placed=False), st.randoms(use_true_random=False))
def test_the_order_within_a_sentence_changes_nothing(both, random):
    shuffled = [[random.sample(row, len(row)) for row in side] for side in both]
    for name in (
        "F1",
        "nervaluate-F1(mode=type)",
        "nervaluate-F1(mode=partial,min_overlap=50)",
        "text-F1",
        "oracle-F1",
    ):
        assert value(name, *shuffled) == pytest.approx(value(name, *both), nan_ok=True)


@FEW
@given(sentences(placed=False))
def test_texts_are_counted_as_each_paper_does(both):
    expected = {"universalner": [], "gollie": [], "instructuie": []}
    for pred, gold in zip(*both, strict=True):
        kinds = {
            "universalner": (set, lambda row: (row.label, normal(row.text))),
            "gollie": (list, lambda row: (row.label, row.text.lower())),
            "instructuie": (set, lambda row: f"{row.label}: {row.text}".lower()),
        }
        for flavour, (collection, key) in kinds.items():
            p, g = (Counter(collection(map(key, side))) for side in (pred, gold))
            right = (p & g).total()
            expected[flavour].append([right, p.total() - right, g.total() - right])
    for flavour, counts in expected.items():
        assert table(f"text-F1(flavour={flavour})", *both).tolist() == counts


def test_what_instructuie_takes_for_one():
    gold = [[Mention(None, None, "Song", None, "U.S. Blues,, part 1")]]
    pred = [[Mention(3, 5, "song", None, "{u . s. blues , part  1}")]]
    assert value("text-F1(flavour=instructuie)", pred, gold) == 1
    assert value("text-F1(flavour=gollie)", pred, gold) == 0


@FEW
@given(sentences())
def test_texts_do_not_depend_on_places(both):
    moved = [[[row._replace(start=None, end=None) for row in rows] for rows in side] for side in both]
    assert value("text-F1", *moved) == pytest.approx(value("text-F1", *both), nan_ok=True)


@FEW
@given(sentences())
def test_a_higher_threshold_finds_less_and_the_oracle_is_the_best_of_them(both):
    assume(any(both[1]))
    levels = [0, 0.1, 0.2, 0.5, 0.9]
    recalls = [value(f"recall(threshold={level})", *both) for level in levels]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[0] == value("recall", *both)
    assert recalls[-1] == 0
    best = max(value(f"F1(threshold={level})", *both) for level in levels)
    assert value("oracle-F1", *both) == pytest.approx(best, abs=1e-12)


@FEW
@given(st.integers(0, 2**16), st.sampled_from(["flat", "nested"]), st.booleans())
def test_what_is_decoded_low_is_judged_at_any_higher_threshold(seed, decoding, multi_label):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 20, (6, 3, 2)) / 20  # with ties
    gold = [[(int(s), int(s), LABELS[rng.integers(2)]) for s in np.flatnonzero(rng.random(6) < 0.5)]]
    low, high = (
        [decode(above(scores, LABELS, threshold), decoding=decoding, multi_label=multi_label)]
        for threshold in (0.2, 0.6)
    )
    assert table("F1(threshold=0.6)", low, gold).tolist() == table("F1", high, gold).tolist()


def test_a_mention_lacks_what_is_asked_of_it():
    gold = [[Mention(0, 0, "band")]]
    with pytest.raises(ValueError, match="1 of 1 mentions have no score"):
        table("F1(threshold=0.5)", gold, gold)
    with pytest.raises(ValueError, match="no score"):
        table("oracle-F1", [[(0, 0, "band")]], gold)
    with pytest.raises(ValueError, match="NaN"):
        table("oracle-F1", [[(0, 0, "band", float("nan"))]], gold)
    with pytest.raises(ValueError, match="1 of 1 mentions have no text"):
        table("text-F1", gold, gold)
    with pytest.raises(ValueError, match="1 predicted sentences for 2 gold ones"):
        table("F1", gold, gold * 2)


@pytest.mark.parametrize("name", ["nervaluate-F1(mode=partial)", "text-F1", "oracle-F1"])
def test_without_gold_nothing_is_defined(name):
    pred = [[Mention(0, 0, "band", 0.5, "Queen")], []]
    assert np.isnan(value(name, pred, [[], []]))
    assert value(name, [[], []], pred) == 0


def test_both_sides_are_taken_apart_once_and_never_for_others():
    pred, gold, other = (Mentions([[(0, 0, "band")]]) for _ in range(3))
    assert sides(pred, gold) is sides(pred, gold)
    assert sides(pred, other) is not sides(pred, gold)
    assert sides(pred, other).gold is other


@given(st.lists(st.tuples(*[st.integers(-(2**40), 2**40)] * 3), min_size=1, max_size=6))
def test_joint_keys_are_equal_and_ordered_as_their_columns_are(rows):
    columns = [(np.array(column), np.array(column[:1])) for column in zip(*rows, strict=True)]
    keys, others = joint(*columns)
    assert keys[0] == others[0]
    assert (keys[:, None] < keys).tolist() == [[a < b for b in rows] for a in rows]


def test_a_threshold_below_all_predictions_is_doubted():
    pred = [[Mention(0, 0, "band", 0.6 + number / 100)] for number in range(20)]
    assert left_out(pred, [0.3, 0.7]) == "no predicted span scores from 0.3 to 0.6: were those below 0.6 left out?"
    assert not left_out(pred, [0.58])
    assert not left_out(pred[1:], [0.3])
    assert not left_out(pred, [])
