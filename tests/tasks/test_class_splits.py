"""Halves of the classes, unseen classes, shots: who may learn from what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core.errors import UserError
from zsbench.data.images.items import ImageItem, ImageSet
from zsbench.tasks.classification._class_splits import Halves, UnseenDraw, unseen_classes
from zsbench.tasks.classification.shots import draw_shots


@given(n=st.integers(1, 30))
def test_the_first_half_of_the_classes_is_base_and_rounds_up(n):
    names = [f"c{i}" for i in range(n)]
    images = ImageSet([ImageItem(str(i), bytes) for i in range(n)], list(range(n)), names)
    base, new = Halves(names, "base").of(images), Halves(names, "new").of(images)
    assert len(base.items) == -(-n // 2)
    assert base.class_names + new.class_names == names
    assert base.labels == list(range(len(base.items)))
    assert new.labels == list(range(len(new.items)))
    assert [i.id for i in base.items] + [i.id for i in new.items] == [i.id for i in images.items]


def test_unseen_classes_by_name_and_by_draw(tmp_path):
    names = ["ant", "bee", "cat", "dog"]
    assert list(unseen_classes(["bee", "dog"], names, tmp_path, "")) == [False, True, False, True]
    drawn = unseen_classes(UnseenDraw(seen=0.62, seed=3), names, tmp_path, "")
    assert drawn.sum() == len(names) - int(0.62 * len(names))
    assert (drawn == unseen_classes(UnseenDraw(seen=0.62, seed=3), names, tmp_path, "")).all()
    with pytest.raises(UserError, match=r"unseen class 'dig'.*'dog'"):
        unseen_classes(["dig"], names, tmp_path, "t.yaml:3")
    assert list(unseen_classes(["sea_cow"], ["ant", "sea cow"], tmp_path, "")) == [False, True]
    for none_seen in (names, UnseenDraw(seen=0.01)):
        with pytest.raises(UserError, match=r"leaves 0 of 4 classes seen; expected 1 to 3"):
            unseen_classes(none_seen, names, tmp_path, "t.yaml:3")


def test_shots_are_drawn_class_by_class_and_too_few_images_are_an_error():
    labels = np.array([0, 1, 0, 1, 0, 1])
    kept = draw_shots(labels, 2, 1, "")
    assert sorted(labels[kept]) == [0, 0, 1, 1]
    with pytest.raises(UserError, match="class 0 has 3 images"):
        draw_shots(labels, 4, 1, "")


def test_accuracy_below_chance_is_doubted(tmp_path):
    from zsbench.core.cache import Cache
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices
    from zsbench.report import tables
    from zsbench.run import runner

    names = [f"digit {n}" for n in ("nine", "eight", "seven", "six", "five", "four", "three", "two", "one", "zero")]
    (tmp_path / "t.yaml").write_text(f"extends: digits\ndescription: names in the wrong order\nclasses: {names}\n")
    choices = Choices(("clip-glyphs",), (), {"limit": 300, "resamples": 200})
    [job] = planning.make(str(tmp_path / "t.yaml"), choices).jobs
    model = job.model.build()
    result = runner.run(job, model, runner.Options(tmp_path / "out", Cache(None)), lambda *_: None)
    assert "below chance (10.0 %)" in result["notes"]["warning"]
    assert any("order of the labels" in note for note in tables.notes(tables.rows([result])))


def test_a_suites_own_keys_start_at_the_suites_folder(tmp_path):
    from zsbench.plan import planning

    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "t.yaml").write_text("extends: digits\ndescription: d\nclasses: names.txt\n")
    (tmp_path / "tasks" / "names.txt").write_text("\n".join("abcdefghij"))
    (tmp_path / "other.txt").write_text("\n".join("klmnopqrst"))
    suite = (
        "description: d\nruns:\n"
        "  - {tasks: tasks/t.yaml, methods: random-class}\n"
        "  - {tasks: {use: tasks/t.yaml, label: u, classes: other.txt}, methods: random-class}\n"
    )
    (tmp_path / "s.yaml").write_text(suite)
    names = [
        job.build_task().load(limit=2, seed=0).context.class_names[0]
        for job in planning.make(str(tmp_path / "s.yaml")).jobs
    ]
    assert names == ["a", "k"]
