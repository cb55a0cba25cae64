"""Classes joined by name wherever a task meets its data: test, support, validation, given logits, and the keys for it."""

import json

import numpy as np
import pytest

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.tasks.classification.classes import read_map

NAMES = ["ant", "bee", "cat", "dog"]


def vectors(path, labels, names=None):
    """A feature file in which class c is the direction c."""
    labels = list(labels)
    held = {"features": np.eye(8)[labels], "labels": np.asarray(labels)}
    np.savez(path, **held, **({} if names is None else {"class_names": np.asarray(names)}))


def folders(root, names):
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "1.png").write_bytes(name.encode())


def load(folder, source, kind="image-classification", **keys):
    lines = [f"type: {kind}", "description: d", f"data: {json.dumps(source)}"]
    (folder / "t.yaml").write_text("\n".join(lines + [f"{key}: {json.dumps(value)}" for key, value in keys.items()]))
    [job] = planning.make(
        str(folder / "t.yaml"), Choices(methods=("random-class" if "image" in kind else "random-video",))
    ).jobs
    return job.build_task().load(limit=None, seed=0)


def by_name(data):
    """What every item's label is called."""
    return [data.context.class_names[label] for label in data.gold]


@pytest.mark.parametrize(
    "classes", [NAMES, NAMES[::-1], ["eel", *NAMES], {"ant": "Ameise", "bee": "Biene", "dog": "Hund", "cat": "Katze"}]
)
def test_folders_are_found_under_their_names_whatever_the_order(tmp_path, classes):
    folders(tmp_path / "photos", NAMES)
    data = load(tmp_path, {"source": "imagefolder", "path": "photos"}, classes=classes)
    words = list(classes.values()) if isinstance(classes, dict) else classes
    assert data.context.class_names == words
    expected = [classes[name] for name in NAMES] if isinstance(classes, dict) else NAMES
    assert by_name(data) == expected
    assert data.counts.get("classes without an image", 0) == len(words) - 4


def test_lists_that_do_not_fit_are_shown_with_the_folder(tmp_path):
    folders(tmp_path / "photos", NAMES)
    for classes, message in (
        (["cat", "dog"], r"t\.yaml:3: `classes:` lists 2 names: cat, dog; photos has 4: ant, bee, cat, dog"),
        (["bee", "ant", "cat", "wolf"], "'ant' is number 1 in one and 0 in the other"),
    ):
        with pytest.raises(UserError, match=message):
            load(tmp_path, {"source": "imagefolder", "path": "photos"}, classes=classes)
    with pytest.raises(UserError, match="classes"):
        load(tmp_path, {"source": "imagefolder", "path": "photos"}, classes=[])


def test_whole_number_folders_need_an_order(tmp_path):
    folders(tmp_path / "photos", map(str, range(12)))
    words = [f"w{i}" for i in range(12)]
    source = {"source": "imagefolder", "path": "photos"}
    for keys in ({"classes": words}, {}):
        with pytest.raises(UserError, match="whole numbers in the order of texts"):
            load(tmp_path, source, **keys)
    ordered = load(tmp_path, source, classes=words, label_order="numeric")
    assert {item.id: name for item, name in zip(ordered.items, by_name(ordered), strict=True)}["10/1.png"] == "w10"
    as_text = load(tmp_path, source, classes=words, label_order="text")
    assert {item.id: name for item, name in zip(as_text.items, by_name(as_text), strict=True)}["10/1.png"] == "w2"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.json", '{"n01_dog": "dog", "n02_cat": "cat"}'),
        ("m.tsv", "n01_dog\tdog\nn02_cat\tcat\n"),
        ("m.csv", "n01_dog,dog\nn02_cat,cat\n"),
    ],
)
def test_a_class_map_in_a_file(tmp_path, name, text):
    folders(tmp_path / "photos", ["n01_dog", "n02_cat", "n03_owl"])
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    data = load(tmp_path, {"source": "imagefolder", "path": "photos"}, class_map=name)
    assert data.context.class_names == ["dog", "cat", "n03 owl"]
    for bad in (text.replace("cat", ""), text.replace("n02_cat", "n01_dog")):
        (tmp_path / name).write_text(bad)
        with pytest.raises(UserError):
            read_map(tmp_path / name)


@pytest.mark.parametrize("key", ["support", "validation"])
def test_labelled_images_beside_the_test_images_are_joined_by_name(tmp_path, key):
    vectors(tmp_path / "test.npz", [0, 1, 3], NAMES)
    order = ["dog", "cat", "ant", "bee"]
    vectors(tmp_path / "more.npz", range(4), order)
    data = load(
        tmp_path, {"source": "features", "path": "test.npz"}, **{key: {"source": "features", "path": "more.npz"}}
    )
    labelled = getattr(data.context, key)
    assert [data.context.class_names[label] for label in labelled.labels] == order
    for other, message in (
        (["ant", "bee", "dog", "eel"], "the test data lists 4 names: ant, bee, cat, dog; more.npz has 4"),
        (["ant", "bee", "cat", "dog", "eel"], "more.npz has 5"),
    ):
        vectors(tmp_path / "more.npz", range(4), other)
        with pytest.raises(UserError, match=message):
            load(
                tmp_path,
                {"source": "features", "path": "test.npz"},
                **{key: {"source": "features", "path": "more.npz"}},
            )
    vectors(tmp_path / "more.npz", range(4))
    with pytest.raises(UserError, match=r"labels of more\.npz are numbers"):
        load(
            tmp_path, {"source": "features", "path": "test.npz"}, classes=order,
            **{key: {"source": "features", "path": "more.npz"}},
        )  # fmt: skip


def test_images_of_the_test_among_the_support_are_counted(tmp_path):
    vectors(tmp_path / "test.npz", [0, 1, 2, 3], NAMES)
    vectors(tmp_path / "more.npz", [4, 5, 2, 3], [*NAMES, "eel", "fox"])
    both = {"source": "features", "path": "test.npz"}
    data = load(tmp_path, both, support=both, validation=both)
    assert data.context.support.of_test == 4
    assert data.context.validation.of_test == 4
    part = load(tmp_path, both, classes=[*NAMES, "eel", "fox"], support={**both, "path": "more.npz"})
    assert part.context.support.of_test == 2


@pytest.mark.parametrize("width", [3, 5])
def test_vectors_of_labels_are_as_long_as_there_are_classes(tmp_path, width):
    np.savez(tmp_path / "v.npz", features=np.eye(4), labels=np.eye(width)[[0, 1, 2, 0]])
    with pytest.raises(UserError, match=f"0/1 vectors of length {width}; expected length 4"):
        load(tmp_path, {"source": "features", "path": "v.npz"}, classes=NAMES)
    np.savez(tmp_path / "v.npz", features=np.eye(4), labels=np.array([[0], [1], [0], [1]]))
    assert load(tmp_path, {"source": "features", "path": "v.npz"}, classes=["no", "yes"]).gold == [0, 1, 0, 1]


def test_given_logits_stand_in_the_order_of_their_own_names(tmp_path):
    logits = np.arange(8.0).reshape(1, 2, 4)
    np.savez(tmp_path / "l.npz", view_logits=logits, labels=[3], class_names=np.asarray(NAMES))
    source = {"source": "view-logits", "path": "l.npz"}
    data = load(tmp_path, source, "video-classification", classes=["dog", "ant", "cat", "bee"])
    assert data.gold == [0]
    np.testing.assert_array_equal(data.items[0].logits, logits[0][:, [3, 0, 2, 1]])
    with pytest.raises(UserError, match="logits of 4 classes; expected logits of all 5"):
        load(tmp_path, source, "video-classification", classes=["eel", *NAMES])


def test_names_that_are_written_but_absent_from_a_feature_file_are_errors(tmp_path):
    vectors(tmp_path / "v.npz", [0, 1], NAMES)
    for key in ("ids", "query_features", "class_names"):
        with pytest.raises(UserError, match="no array 'zzz'"):
            load(tmp_path, {"source": "features", "path": "v.npz", key: "zzz"})


@pytest.mark.parametrize("kind", ["image-classification", "video-classification"])
def test_a_template_without_its_blank_is_refused_and_braces_in_names_stay(tmp_path, kind):
    source = {"source": "features", "path": "v.npz"}
    vectors(tmp_path / "v.npz", [0, 1], ["set {}", "a {c}"])
    if kind == "video-classification":
        source = {"source": "view-logits", "path": "l.npz"}
        np.savez(
            tmp_path / "l.npz", view_logits=np.zeros((1, 1, 2)), labels=[0], class_names=np.asarray(["set {}", "a {c}"])
        )
    for template in ("zzz", "{x}"):
        with pytest.raises(UserError, match=r"t\.yaml:4: key 'templates\.0' is '.*a place for the class"):
            load(tmp_path, source, kind, templates=[template])
    problem = load(tmp_path, source, kind, templates=["a {c}."]).context
    prompts = (
        problem.prompts if kind == "video-classification" else [problem.prompts(name) for name in problem.class_names]
    )
    assert prompts == [["a set {}."], ["a a {c}."]]


def test_templates_from_a_file(tmp_path):
    vectors(tmp_path / "v.npz", [0, 1], NAMES)
    (tmp_path / "tpl.txt").write_text("a {}\nthe {c}.\n")
    assert load(tmp_path, {"source": "features", "path": "v.npz"}, templates="tpl.txt").context.templates == [
        "a {}",
        "the {c}.",
    ]
    (tmp_path / "tpl.txt").write_text("a {}\nthe\n")
    with pytest.raises(UserError, match="template 'the' has no place"):
        load(tmp_path, {"source": "features", "path": "v.npz"}, templates="tpl.txt")


def test_templates_of_a_task_by_its_name_are_an_input_of_the_result(tmp_path, monkeypatch):
    vectors(tmp_path / "v.npz", [0, 1], NAMES)
    own = tmp_path / "configs" / "tasks" / "my-set.yaml"
    own.parent.mkdir(parents=True)
    own.write_text('type: image-classification\ntemplates: ["a {}", "the {}"]\n')
    monkeypatch.setenv("ZSBENCH_CONFIGS", str(tmp_path / "configs"))
    source = {"source": "features", "path": "v.npz"}
    assert load(tmp_path, source, templates="my-set").context.templates == ["a {}", "the {}"]
    assert len(load(tmp_path, source, templates="let-it-wag").context.templates) == 80
    [job] = planning.make(str(tmp_path / "t.yaml"), Choices(methods=("random-class",))).jobs
    assert any(path.endswith("let-it-wag.yaml") for path in job.build_task().files())
    with pytest.raises(
        UserError, match=r"t.yaml:4: no such file 'let-it-wagg'; expected a text file with one template"
    ):
        load(tmp_path, source, templates="let-it-wagg")
    own.write_text('type: image-classification\ntemplates: ["a"]\n')
    with pytest.raises(UserError, match="template 'a' has no place"):
        load(tmp_path, source, templates="my-set")


def test_images_without_labels_can_be_kept_to_learn_from_only(tmp_path):
    vectors(tmp_path / "test.npz", [0, 1], NAMES)
    np.savez(tmp_path / "more.npz", features=np.eye(8)[:3], labels=[-1, -1, -1])
    more = {"source": "features", "path": "more.npz", "unlabelled": "keep"}
    data = load(tmp_path, {"source": "features", "path": "test.npz"}, unlabeled=more)
    assert len(data.context.unlabeled) == 3
    with pytest.raises(UserError, match=r"has no label; .*for `unlabeled:` data"):
        load(tmp_path, {"source": "features", "path": "test.npz"}, support=more)
    with pytest.raises(UserError, match=r"label -1.*unlabelled: drop"):
        load(tmp_path, {"source": "features", "path": "test.npz"}, unlabeled={**more, "unlabelled": "error"})


def test_a_mapping_of_numbers_names_classes_of_data_without_names(tmp_path):
    vectors(tmp_path / "v.npz", [0, 1, 2])
    source = {"source": "features", "path": "v.npz"}
    data = load(tmp_path, source, classes={"2": "cat", "0": "ant", "1": "bee"})
    assert data.context.class_names == ["ant", "bee", "cat"]
    with pytest.raises(UserError, match="labels are numbers"):
        load(tmp_path, source, classes={"1": "ant", "2": "bee", "3": "cat"})


def test_every_task_with_classes_joins_them_by_name_and_doubts_accuracy_below_chance():
    from zsbench.tasks.classification.classes import NamedClasses

    modules = [catalog.load_module("tasks", name) for name in catalog.components("tasks")]
    named = [module for module in modules if "classes" in module.Config.model_fields]
    assert len(named) == 3
    assert all(issubclass(module.Config, NamedClasses) for module in named)
    judged = [module for module in modules if "classification" in module.Task.metric_kinds]
    assert len(judged) == 4
    assert all(hasattr(module.Task, "doubt") for module in judged)
