"""Prediction rules: Loki, S3A, shrunk class spaces, greedy prompts, each against its definition spelled out."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.close import assert_rows_close
from tests.methods.fakes import FakeEncoder, images, unit
from zsbench.core.errors import RunError, UserError
from zsbench.core.score_kinds import ScoreKind
from zsbench.data.class_distances import read_distances
from zsbench.methods.classification import Classifier, Known, Problem, compose, linear, normalise, softmax
from zsbench.methods.classification import _s3a as steps
from zsbench.methods.classification._s3a_phrases import Phrases, distinct_phrases, phrase_scores
from zsbench.methods.classification.greedy_prompts import errors_with, greedy_prompts, search, words
from zsbench.methods.classification.loki import frechet_scores, loki
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.methods.classification.s3a import s3a
from zsbench.methods.classification.shrink_certainty import restricted, shrink, shrink_certainty, shrunk_loss
from zsbench.metrics.naming import resolve

NAMES = ["ant", "bee", "cat", "dog", "elk"]
EDGES = "root\tinsect\nroot\tmammal\ninsect\tant\ninsect\tbee\nmammal\tcat\nmammal\tdog\nmammal\telk\n"
TREE = np.array([[0, 2, 4, 4, 4], [2, 0, 4, 4, 4], [4, 4, 0, 2, 2], [4, 4, 2, 0, 2], [4, 4, 2, 2, 0]])


def problem(names=NAMES, **more):
    return Problem(names, ["a {}", "the {}"], 10.0, **more)


def given_scores(table):
    """A classifier with these scores, or labels, image by image."""
    kind = ScoreKind("logits" if np.ndim(table) == 2 else "labels")
    return Classifier(lambda batch: np.asarray(table)[list(batch.items)], kind)


def answers(rule, table, what=None, names=NAMES, **more):
    """What a rule makes of given scores."""
    built = rule(what or FakeEncoder(images(len(table)), unit), problem(names, **more), given_scores(table))
    return np.asarray(built.score(Known(np.zeros((len(table), 8)), range(len(table)))))


distributions = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(2, 7)), elements=st.floats(-8, 8)
).map(softmax)


# Loki


@given(distributions)
def test_with_equal_distances_loki_is_the_argmax(p):
    scores = frechet_scores(p, 1 - np.eye(p.shape[1]))
    np.testing.assert_allclose(scores, p - 1, atol=1e-12)
    # Probabilities that differ by rounding alone may change places.
    np.testing.assert_allclose(scores[np.arange(len(p)), p.argmax(1)], scores.max(1), atol=1e-12)


@given(distributions, st.integers(0, 99))
def test_frechet_scores_are_the_definition(p, seed):
    squared = np.random.default_rng(seed).random((p.shape[1], p.shape[1] + 2))
    wanted = [[-sum(row[k] * squared[k, y] for k in range(len(row))) for y in range(squared.shape[1])] for row in p]
    np.testing.assert_allclose(frechet_scores(p, squared), wanted, atol=1e-12)


def test_between_two_equal_classes_the_lower_answers():
    assert frechet_scores([[0.5, 0.5]], 1 - np.eye(2)).argmax(1) == [0]


def test_loki_answers_with_the_middle_of_what_is_likely(tmp_path):
    (tmp_path / "tree.txt").write_text(EDGES)
    table = [[1.2, 0, 1, 1, 1], [9, 0, 0, 0, 0]]
    scores = answers(loki(distances=str(tmp_path / "tree.txt")), table)
    assert list(scores.argmax(1)) == [2, 0]
    assert_rows_close(scores, -(softmax(table) @ TREE**2))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".txt"])
def test_every_kind_of_distance_file_says_the_same(tmp_path, suffix):
    path, table = tmp_path / f"distances{suffix}", np.random.default_rng(0).random((4, 5))
    {
        ".npy": lambda: np.save(path, TREE),
        ".npz": lambda: np.savez(path, distances=TREE),
        ".csv": lambda: np.savetxt(path, TREE, delimiter=","),
        ".txt": lambda: path.write_text(EDGES),
    }[suffix]()
    from_task = answers(loki(), table, distances=TREE.astype(float))
    np.testing.assert_array_equal(answers(loki(distances=str(path)), table), from_task)


def test_classes_may_have_other_names_in_the_hierarchy(tmp_path):
    (tmp_path / "tree.txt").write_text(EDGES)
    (tmp_path / "nodes.json").write_text(json.dumps({"an ant": "ant", "some insect": "insect", "a cat": "cat"}))
    options = {"distances": str(tmp_path / "tree.txt"), "nodes": str(tmp_path / "nodes.json")}
    scores = answers(loki(**options), [[50, 0, 0]], names=["an ant", "some insect", "a cat"])
    assert_rows_close(scores, [[0, -1, -16]])


def test_a_node_for_every_class_and_names_in_a_matrix(tmp_path):
    (tmp_path / "tree.txt").write_text(EDGES)
    (tmp_path / "nodes.json").write_text(json.dumps({"an_ant": "ant", "b": "bees"}))
    nodes = tmp_path / "nodes.json"
    with pytest.raises(UserError, match=r"nodes.json: no node of class 'cat'"):
        read_distances(tmp_path / "tree.txt", ["an ant", "cat"], nodes=nodes)
    with pytest.raises(UserError, match="class 'bees' is on no edge; did you mean 'bee'"):
        read_distances(tmp_path / "tree.txt", ["an ant", "b"], nodes=nodes)
    np.save(tmp_path / "d.npy", np.zeros((1, 1)))
    with pytest.raises(UserError, match="a matrix without names"):
        read_distances(tmp_path / "d.npy", ["an ant"], nodes=nodes)
    np.savez(tmp_path / "d.npz", distances=TREE, class_names=np.array(NAMES))
    np.testing.assert_array_equal(read_distances(tmp_path / "d.npz", ["an ant"], nodes=nodes), [[0]])


def test_classes_without_probability_can_be_the_answer(tmp_path):
    edges = "root\tant\nroot\tbee\nroot\tcat\nroot\tdog\nroot\telk\n"
    (tmp_path / "star.txt").write_text(edges)
    table = [[0, 0, 0, 9, 9, 9]]
    options = {"distances": str(tmp_path / "star.txt"), "observed": NAMES[:3]}
    names = [*NAMES, "root"]
    assert answers(loki(**options), table, names=names).argmax(1) == [5]
    assert answers(loki(**options, answer="argmax"), table, names=names) == [0]


def test_observed_classes_keep_the_order_of_the_task(tmp_path):
    (tmp_path / "observed.txt").write_text("elk\nbee\n\n")
    table, rule = [[9, 1, 9, 9, 2]], {"answer": "argmax"}
    for observed in (["elk", "bee"], str(tmp_path / "observed.txt")):
        assert answers(loki(observed=observed, **rule), table) == [4]


def test_temperature_flattens_the_distribution():
    table = [[9.0, 0, 8, 8, 8]]
    for temperature, wanted in ((0.1, 0), (100.0, 2)):
        scores = answers(loki(temperature=temperature), table, distances=TREE.astype(float))
        assert scores.argmax(1) == [wanted]


def test_text_embeddings_are_a_metric_too():
    encoder = FakeEncoder(images(3), unit, logit_scale=10.0)
    built = compose([prompt_ensemble(), loki(geometry="embeddings")])(encoder, problem())
    weights = normalise(np.stack([np.mean([unit(f"a {n}"), unit(f"the {n}")], axis=0) for n in NAMES]))
    squared = ((weights[:, None] - weights[None]) ** 2).sum(-1)
    wanted = -(softmax(10 * encoder.features @ weights.T) @ squared)
    assert_rows_close(encoder.scores(built), wanted)


def wrong_tree(tmp_path):
    (tmp_path / "tree.txt").write_text("ant\tbee\ncat\tdog\ndog\telk\n")
    return str(tmp_path / "tree.txt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (lambda _: {}, "geometry: embeddings"),
        (lambda tmp: {"distances": wrong_tree(tmp)}, "no path between 'ant' and 'cat'"),
        (lambda tmp: {"distances": str(tmp / "none.npy")}, "no such file"),
        (lambda _: {"observed": ["aunt"], "answer": "argmax"}, "did you mean 'ant'"),
        (lambda _: {"observed": [], "answer": "argmax"}, "no observed class"),
    ],
)
def test_what_loki_cannot_do_is_said(tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        answers(loki(**options(tmp_path)), np.zeros((2, 5)))


@pytest.mark.parametrize("rule", [loki(), shrink_certainty()])
def test_rules_over_probabilities_refuse_labels(rule):
    with pytest.raises(UserError, match="labels"):
        answers(rule, [1, 2], distances=TREE.astype(float))


# Shrunk class spaces


def shrunk_by_hand(p, threshold):
    """Kept classes, confidence and cut of one image, word for word."""
    order = sorted(range(len(p)), key=lambda c: (-p[c], c))
    if p[order[0]] >= threshold:
        return set(order), p[order[0]], 1
    for cut in range(2, len(p)):
        left = [order[0], *order[cut:]]
        confidence = p[order[0]] / sum(p[c] for c in left)
        if confidence >= threshold or cut == len(p) - 1:
            return set(left), confidence, cut
    return set(), p[order[0]], 0


@given(distributions, st.floats(0.3, 1))
def test_shrinking_is_the_definition(p, threshold):
    found = shrink(p, threshold=threshold)
    for row, kept, confidence, cut in zip(p, found.kept, found.confidence, found.cut_index, strict=True):
        ranked = np.sort(row)[::-1]
        met = [ranked[0], *(ranked[0] / (ranked[0] + ranked[c:].sum()) for c in range(2, len(row)))]
        if min(abs(value - threshold) for value in met) > 1e-9:  # exactly at the threshold rounding decides
            hand = shrunk_by_hand(row, threshold)
            assert (set(np.flatnonzero(kept)), cut) == (hand[0], hand[2])
            assert confidence == pytest.approx(hand[1], abs=1e-12)


@pytest.mark.parametrize(
    ("p", "kept", "cut"),
    [
        ([1.0, 0, 0, 0], [0, 1, 2, 3], 1),
        ([0.25, 0.25, 0.25, 0.25], [0, 3], 3),
        ([0.6, 0.4, 0.0], [0, 2], 2),
        ([0.4, 0.4, 0.2], [0, 2], 2),
        ([0.6, 0.4], [], 0),
        ([0.96, 0.04], [0, 1], 1),
        ([1.0], [0], 1),
    ],
)
def test_edges_of_shrinking(p, kept, cut):
    found = shrink([p])
    assert (list(np.flatnonzero(found.kept[0])), found.cut_index[0]) == (kept, cut)


def test_scores_are_the_log_probabilities_left():
    logits = np.array([[5.0, 4, 0, -3], [9, 0, 0, 0], [0, 0, 0, 0]])
    found = shrink(softmax(logits))
    scores = restricted(logits, found)
    np.testing.assert_array_equal(np.isneginf(scores), ~found.kept)
    assert_rows_close(softmax(scores).sum(1), 1)
    assert_rows_close(softmax(scores).max(1), found.confidence)
    np.testing.assert_array_equal(scores.argmax(1), logits.argmax(1))
    # Two classes cannot shrink: nothing is taken away.
    assert np.isfinite(restricted([[1.0, 0.5]], shrink(softmax([[1.0, 0.5]])))).all()


def test_losses_count_newly_certain_images_only():
    p = np.array([[0.97, 0.01, 0.01, 0.01], [0.5, 0.45, 0.03, 0.02], [0.25, 0.25, 0.25, 0.25]])
    logits = np.array([[0.0, 1, 2, 3], [1, 7, 2, 3], [0, 1, 2, 3]])
    found = shrink(p, threshold=0.9)
    loss = shrunk_loss(logits, p, found, threshold=0.9)
    own = 0.5 * -np.log(np.exp(1) / (np.exp(1) + np.exp(2) + np.exp(3)))
    np.testing.assert_allclose(loss, [0, own, 0], atol=1e-12)


def test_the_rule_and_the_metrics_tell_one_story():
    rng = np.random.default_rng(3)
    logits, labels = 3 * rng.standard_normal((200, 6)), rng.integers(0, 6, 200)
    found, scores = shrink(softmax(logits)), answers(shrink_certainty(), logits, names=[*NAMES, "fox"])
    shares = {
        "certain-ratio": found.cut_index == 1,
        "certain-ratio(classes=kept)": found.confidence >= 0.95,
        "acc-among(items=newly-certain)": (logits.argmax(1) == labels)[
            (found.cut_index > 1) & (found.confidence >= 0.95)
        ],
        "acc-among(items=never-certain)": (logits.argmax(1) == labels)[found.confidence < 0.95],
        "removed-classes": (found.cut_index - 1)[found.cut_index > 1],
        "gold-kept": found.kept[np.arange(200), labels][found.cut_index > 1],
    }
    for name, wanted in shares.items():
        assert resolve(name, kinds=("certainty",)).compute(scores, labels) == pytest.approx(wanted.mean()), name


# S3A


def blobs(names, n=8, noise=0.05, seed=0):
    """Images near the vectors of some names, `n` a name, and the names' numbers."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(names)), n)
    return normalise(
        np.stack([unit(f"a {names[y]}") for y in labels]) + noise * rng.standard_normal((len(labels), 8))
    ), labels


def s3a_labels(names, features, *, rows=16, templates=("a {}",), **options):
    encoder = FakeEncoder(features, unit, rows=rows)
    encoder.items = [SimpleNamespace(id=f"i{number}") for number in range(len(features))]
    rule = compose([prompt_ensemble(), s3a(**options)])
    return encoder.scores(rule(encoder, Problem(list(names), list(templates), 100.0))), encoder.notes


VOCABULARY = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen"]


def test_clear_clusters_get_their_names_whatever_the_batch():
    features, labels = blobs(VOCABULARY[:4])
    for rows in (5, 32):
        found, notes = s3a_labels(VOCABULARY, features, clusters=4, rows=rows)
        assert np.issubdtype(found.dtype, np.integer)
        np.testing.assert_array_equal(found, labels)
    assert sorted(len(names) for names in notes["s3a candidates"].values()) == [3, 3, 3, 3]
    assert {names[0] for names in notes["s3a candidates"].values()} == set(VOCABULARY[:4])


def test_s3a_with_one_class_and_one_image():
    assert list(s3a_labels(["ant"], blobs(["ant"], n=1)[0], clusters=1)[0]) == [0]
    assert set(s3a_labels(VOCABULARY, blobs(["bee"], n=3)[0])[0]) == {1}


@pytest.mark.parametrize(("names", "n"), [(VOCABULARY, 2), (VOCABULARY[:2], 20)])
def test_more_clusters_than_images_or_names_are_refused(names, n):
    with pytest.raises(UserError, match="3 clusters"):
        s3a_labels(names, blobs(names[:1], n=n)[0], clusters=3)


def test_s3a_needs_class_weights():
    with pytest.raises(UserError, match="class weights"):
        answers(s3a(), np.zeros((4, 5)))


def test_votes_have_a_row_for_each_cluster_that_occurs():
    agreement = steps.vote(np.array([7, 2, 7, 7]), np.array([0, 1, 0, 2]), 4)
    np.testing.assert_allclose(agreement, [[0, 1, 0, 0], [2 / 3, 0, 1 / 3, 0]])


@given(
    arrays.arrays(
        np.float64, st.tuples(st.integers(1, 4), st.integers(4, 5)), elements=st.sampled_from([0, 0.25, 0.5, 1])
    )
)
def test_assignment_is_one_to_one_and_the_best(agreement):
    found, rows = steps.assign(agreement), range(len(agreement))
    assert len(set(found)) == len(found)
    best = max(
        sum(agreement[list(rows), list(p)]) for p in itertools.permutations(range(agreement.shape[1]), len(rows))
    )
    assert agreement[list(rows), found].sum() == pytest.approx(best)


def test_the_number_of_clusters_is_found():
    rng = np.random.default_rng(0)
    centres = normalise(rng.standard_normal((12, 16)))
    features = normalise(np.repeat(centres, 25, axis=0) + 0.02 * rng.standard_normal((300, 16)))
    assert steps.estimate_clusters(features, high=60) == 12
    assert [steps.estimate_clusters(features[:n], high=60) for n in (1, 2, 3)] == [1, 1, 2]


def test_distances_that_are_computed_once_give_the_same_silhouette():
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances, silhouette_score

    features = np.random.default_rng(3).normal(size=(200, 8)).astype(np.float32)
    distances = pairwise_distances(features)
    for k in (2, 5, 40):
        labels = KMeans(k, random_state=0, n_init=1).fit_predict(features)
        assert steps._silhouette(features, distances, k, 0) == silhouette_score(features, labels)


def test_phrases_that_tell_nothing_apart_are_dropped():
    told = {"ant": {"six legs": 2, "bee": 1, "red": 1}, "bee": {"six legs": 1, "wings": 3}}
    assert distinct_phrases(told) == {"ant": {"red": 1}, "bee": {"wings": 3}}


def test_phrase_scores_by_hand():
    vectors = normalise(np.array([[1.0, 0], [0.9, 0.1], [0, 1], [-1, 0]]))
    told = Phrases(np.array([4, 6]), np.array([0, 0, 1, 1]), np.array([1, 3, 2, 2]), vectors)
    features = normalise(np.array([[1.0, 0.05], [0.05, 1.0]]))
    # Nearest two: phrases 0, 1 for the first image; 2, 1 for the second.
    votes = np.array([1, 2, 1, 0])
    first = np.array([0.25, 0.75, 2, 2]) / 5
    second = np.array([1, 3, 0.5, 0.5]) / 5
    wanted = [(first * votes)[:2].sum(), (second * votes)[2:].sum()]
    np.testing.assert_allclose(phrase_scores(features, told, k2=2), wanted)
    np.testing.assert_allclose(phrase_scores(features, told, k2=2, weighted=False), [3, 1])


def told_file(tmp_path, notes, **changes):
    told = {key: {name: {f"{name} phrase": 2} for name in names} for key, names in notes["s3a candidates"].items()}
    path = tmp_path / "phrases.json"
    path.write_text(json.dumps({**told, **changes}))
    return str(path)


def test_realigning_with_phrases_of_a_language_model(tmp_path):
    features, labels = blobs(VOCABULARY[:4])
    _, notes = s3a_labels(VOCABULARY, features, clusters=4)

    def near(text):  # a phrase of the right name stands near its images
        name = next((n for n in VOCABULARY if f"{n} phrase" in text), None)
        return unit(f"a {name}") + 0.1 * unit(text) if name else unit(text)

    encoder = FakeEncoder(features, near)
    encoder.items = [SimpleNamespace(id=f"i{number}") for number in range(len(features))]
    rule = compose([prompt_ensemble(), s3a(clusters=4, phrases=told_file(tmp_path, notes))])
    found = encoder.scores(rule(encoder, Problem(VOCABULARY, ["a {}"], 100.0)))
    np.testing.assert_array_equal(found, labels)
    assert any(text == "a ant with ant phrase" for text in encoder.asked)


def test_so_many_candidates_and_votes_as_the_options_say(tmp_path, monkeypatch):
    features, _ = blobs(VOCABULARY[:4])
    _, notes = s3a_labels(VOCABULARY, features, clusters=4, k1=2)
    assert {len(names) for names in notes["s3a candidates"].values()} == {2}
    seen = []

    def realigned(*args, **how):
        seen.append(how["k2"])
        return steps.realigned(*args, **how)

    monkeypatch.setattr("zsbench.methods.classification.s3a.realigned", realigned)
    s3a_labels(VOCABULARY, features, clusters=4, phrases=told_file(tmp_path, notes), k2=5)
    assert seen == [5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"0": None}, "nothing for cluster 0"),
        ({"1": {"aunt": {"kind": 1}}}, "candidate 'aunt' is no class; did you mean 'ant'"),
        ({"1": {"ant": {"kind": "often"}}}, "no phrases with counts"),
    ],
)
def test_wrong_phrases_are_refused(tmp_path, changes, message):
    features, _ = blobs(VOCABULARY[:4])
    _, notes = s3a_labels(VOCABULARY, features, clusters=4)
    with pytest.raises(UserError, match=message):
        s3a_labels(VOCABULARY, features, clusters=4, phrases=told_file(tmp_path, notes, **changes))


# Greedy prompts


@given(st.integers(0, 999), st.integers(0, 2))
def test_the_error_of_a_candidate_is_that_of_the_whole_table(seed, c):
    rng = np.random.default_rng(seed)
    scores, columns = rng.integers(0, 4, (12, 3)).astype(float), rng.integers(0, 4, (12, 5)).astype(float)
    labels = rng.integers(0, 3, 12)
    for column, found in zip(columns.T, errors_with(scores, columns, labels, c), strict=True):
        replaced = scores.copy()
        replaced[:, c] = column
        assert found == pytest.approx(1 - resolve("acc@1").compute(replaced, labels))


def test_search_only_ever_lowers_the_error():
    features, labels = blobs(NAMES, noise=0.3)
    encoder = FakeEncoder(features, lambda text: sum(unit(f"a {word}") for word in text.split()) if text else unit("."))
    before = 1.0
    for length in (1, 2, 3):
        prompts, error = search(encoder, features, labels, [*NAMES, "fox", "gnu"], len(NAMES), length)
        assert error <= before
        assert max(len(prompt.split()) for prompt in prompts) <= length
        weights = encoder.texts(prompts)
        assert error == pytest.approx(1 - resolve("acc@1").compute(features @ weights.T, labels))
        before = error
    assert before < 0.3


def test_greedy_prompts_need_images_and_tokens():
    with pytest.raises(UserError, match="no support images"):
        greedy_prompts(tokens=["x"])(FakeEncoder(images(3), unit), problem(), None)
    with pytest.raises(UserError, match="no tokens"):
        words(["", ""])
    assert {"photo", "dog"} <= set(words(None))
    assert not [token for token in words(None) if "</w>" in token]


@pytest.mark.parametrize(("of_model", "of_task", "wanted"), [(10.0, None, 10.0), (30.0, None, 30.0), (30.0, 5.0, 5.0)])
def test_loki_takes_probabilities_at_the_models_scale_unless_the_task_sets_one(of_model, of_task, wanted):
    weights, encoder = normalise(images(5, seed=1)), FakeEncoder(images(3), unit, logit_scale=of_model)
    asked = problem(distances=TREE.astype(float), probability_scale=of_task)
    built = loki()(encoder, asked, linear(weights, asked.logit_scale))
    features = normalise(images(3))
    assert_rows_close(built.score(Known(features, range(3))), -(softmax(wanted * features @ weights.T) @ TREE**2))


def test_an_image_without_votes_for_observed_classes_is_an_error_not_the_first_class():
    votes = Classifier(lambda batch: np.array([[0.5, 0.5, 0, 0, 0], [0, 0, 1, 0, 0]]), ScoreKind("votes"))
    rule = loki(observed=NAMES[:2])
    built = rule(FakeEncoder(images(2), unit), problem(distances=TREE.astype(float)), votes)
    with pytest.raises(RunError, match="1 items have no votes"):
        built.score(Known(np.zeros((2, 8)), range(2)))
