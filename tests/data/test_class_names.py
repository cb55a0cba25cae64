"""Two lists of class names meet by name; what would be matched by place alone is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core.errors import UserError
from zsbench.data.class_join import join, join_further, moved, strangers

NAMES = ["ant", "bee", "cat", "sea cow"]


@given(order=st.permutations(NAMES), size=st.integers(1, len(NAMES)))
def test_names_are_joined_by_name_in_any_order_and_in_part(order, size):
    own = [name.replace(" ", "_") for name in order[:size]]
    classes = join(own, NAMES, "t.yaml:3")
    assert classes.names == NAMES
    assert classes.relabelled(range(size)) == [NAMES.index(name) for name in order[:size]]
    further = join_further(classes, own, "", what="support")
    assert moved(list(range(size)), further) == [NAMES.index(name) for name in order[:size]]


def test_other_words_for_as_many_classes_stand_in_order():
    classes = join(["Ameise", "Biene", "cat", "Seekuh"], NAMES, "")
    assert classes.place is None
    # Support that names the classes as the test folders do, or as the task does, in any order and in part.
    assert join_further(classes, ["Biene", "Ameise"], "", what="support") == [1, 0]
    assert join_further(classes, ["sea_cow", "Ameise"], "", what="support") == [3, 0]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (["ant", "bee", "cat", "seacows"], "class 'seacows' of photos.*did you mean 'sea cow'"),
        (["Ameise", "Biene", "Katze", "Seekuh"], "class 'Ameise' of photos.*their names: ant, bee.*`class_map:`"),
    ],
)
def test_as_many_further_classes_of_other_names_are_refused_though_their_place_would_fit(own, message):
    """Folders of another spelling sort otherwise as soon as one of them does; only numbers say their place."""
    classes = join(NAMES, NAMES, "")
    with pytest.raises(UserError, match=message):
        join_further(classes, own, "t.yaml:3", what="photos")
    renamed = dict(zip(own, NAMES, strict=True))
    assert join_further(classes, own, "", what="photos", class_map=renamed) is None
    assert join_further(classes, ["Ant", "BEE", "cat", "Sea-Cow"], "", what="photos") is None
    assert join_further(classes, list("0123"), "", what="photos") is None


def test_further_classes_that_nothing_names_are_counted():
    classes = join(["Ameise", "Biene", "cat", "Seekuh"], NAMES, "")
    assert strangers(classes, ["Biene", "ant", "sea_cow"]) == 0
    assert strangers(classes, None) == 0
    assert strangers(classes, ["aa", "bb", "cat", "dd"]) == 3
    assert strangers(classes, ["aa"], {"aa": "ant"}) == 0
    twice = join(["crane", "maillot", "crane"], None, "")
    assert strangers(twice, ["crane", "maillot", "crane"]) == 0


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            ["bee", "cat", "Ameise", "sea cow"],
            r"lists 4 names: ant, bee.*has 4: bee, cat.*'bee' is number 1 in one and 0",
        ),
        (["Bee", "Ant", "Cat", "Sea Cow"], "'Bee' is number 1 in one and 0 in the other"),  # another spelling moved
        (["ant", "bee", "dog"], r"`classes:` lists 4 names: .*; photos has 3: ant, bee, dog; 'dog' is not among the 4"),
        (["ant", "bee", "cow"], r"'cow' is not among the 4;.*did you mean 'sea cow'\?$"),
        (["ant", "bee", "bees"], r"'bees' is not among the 4;[^?]*$"),  # bee is there: no misspelling of it
        ([*NAMES, "dog"], "photos has 5"),
        (["ant", "ant", "bee"], "photos has 3"),  # two labels of one name are not one class
        (["1", "10", "2", "3"], "whole numbers in the order of texts: 1, 10, 2, 3; expected `label_order: numeric` or"),
    ],
)
def test_names_that_do_not_fit_are_listed(own, message):
    with pytest.raises(UserError, match=message):
        join(own, NAMES, "t.yaml:3", what="photos")
    with pytest.raises(UserError, match=message.replace("`classes:`", "the test data")):
        join_further(join(None, NAMES, ""), own, "t.yaml:3", what="photos")


def test_a_class_that_stands_twice_is_joined_only_where_both_lists_agree():
    twice = ["crane", "maillot", "crane"]
    assert join(twice, twice, "").place is None
    more = join(twice, [*twice, "bee", "maillots"], "")  # a broad vocabulary behind the data's own names
    assert more.relabelled([0, 1, 2]) == [0, 1, 2]
    with pytest.raises(UserError, match="lists 3 names"):
        join(["crane", "maillot"], twice, "")


def test_whole_numbers_as_names_need_an_order():
    own = [str(i) for i in range(12)]
    as_text = sorted(own)
    words = [f"w{i}" for i in range(12)]
    assert join(as_text, words, "", label_order="numeric").relabelled(range(12)) == [int(name) for name in as_text]
    assert join(as_text, words, "", label_order="text").place is None
    assert join(as_text, None, "", label_order="numeric").names == own
    assert join([f"{i:02d}" for i in range(12)], words, "").place is None  # padded: both orders are one
    assert join(as_text, own, "").relabelled(range(12)) == [int(name) for name in as_text]  # by name
    with pytest.raises(UserError, match=r"label_order: numeric.*ant"):
        join(NAMES, None, "", label_order="numeric")


def test_a_class_map_renames_classes_of_the_data():
    own = ["n01_dog", "n02_cat", "n03_wolf"]
    merged = {"n01_dog": "dog", "n02 cat": "cat", "n03_wolf": "dog"}
    classes = join(own, None, "", class_map=merged)
    assert classes.names == ["dog", "cat"]
    assert classes.relabelled([0, 1, 2, [0, 2]]) == [0, 1, 0, [0]]
    assert join(own, ["cat", "dog", "fox"], "", class_map=merged).relabelled([0, 1, 2]) == [1, 0, 1]
    assert join(own, ["cat", "dog", "fox"], "", class_map={**merged, "n04_fox": "fox"}).names[2] == "fox"
    assert join_further(classes, ["n03_wolf"], "", what="support", class_map=merged) == [0]
    with pytest.raises(UserError, match=r"names 'n01_dig', which photos does not have.*did you mean 'n01_dog'"):
        join(own, None, "t.yaml:4", what="photos", class_map={"n01_dig": "dog"})
    with pytest.raises(UserError, match="labels are numbers"):
        join(None, NAMES, "", class_map=merged)


def test_numbers_alone_count_as_the_task_does_unless_the_names_of_the_test_data_moved():
    assert join_further(join(None, NAMES, ""), None, "", what="support") is None
    assert join_further(join(NAMES, NAMES, ""), None, "", what="support") is None
    assert join_further(join(NAMES[:2], NAMES, ""), None, "", what="support") is None
    with pytest.raises(UserError, match="labels of support are numbers"):
        join_further(join(NAMES[::-1], NAMES, ""), None, "t.yaml:5", what="support")
    with pytest.raises(UserError, match="neither data nor task name the classes"):
        join(None, None, "")


def test_accents_apart_from_their_letters_are_the_same_name():
    apart, whole = ["cafe\u0301", "thé"], ["thé", "caf\u00e9"]
    assert join(apart, whole, "t.yaml").place == [1, 0]
