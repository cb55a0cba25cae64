"""Sessions from JSONL and from logs of single interactions: what is cut where, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from zsbench.core.errors import UserError
from zsbench.data.sessions.interactions import interactions, last_session
from zsbench.data.sessions.quality import Quality
from zsbench.data.sessions.session_log import session_log


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_sessions_and_catalogue_are_read_and_what_does_not_fit_is_counted(tmp_path):
    rows = [
        {"user": "u", "history": ["a", 7, "gone"], "target": ["b", "b", "gone"]},
        {"user": "v", "id": "v-2", "history": [], "target": [7]},
    ]
    items = [{"item": "a", "text": "A!"}, {"_id": "b"}, {"item": 7, "text": "seven"}]
    found = session_log(path=jsonl(tmp_path / "s.jsonl", rows), items=jsonl(tmp_path / "i.jsonl", items))
    assert [(session.id, session.history) for session in found.items] == [("u", ("a", "7", "gone")), ("v-2", ())]
    assert found.targets == [("b", "gone"), ("7",)]
    assert found.catalogue == {"a": "A!", "b": "", "7": "seven"}
    assert found.counts == {
        "history items not in the catalogue": 1,
        "target items not in the catalogue": 1,
        "sessions without history": 1,
    }


def test_without_a_catalogue_every_item_of_the_sessions_is_one(tmp_path):
    rows = [{"user": 1, "history": ["b", "c"], "target": ["a"]}]
    assert list(session_log(path=jsonl(tmp_path / "s.jsonl", rows)).catalogue) == ["a", "b", "c"]


BAD = {
    "key 'history' is missing": {"user": "u", "target": ["a"]},
    "key 'target' is an empty list": {"user": "u", "history": [], "target": []},
    "a name under `user`": {"history": [], "target": ["a"]},
    r"item \['a'\]": {"user": "u", "history": [["a"]], "target": ["a"]},
    "item True": {"user": "u", "history": [], "target": [True]},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_lines_are_named(message, tmp_path):
    with pytest.raises(UserError, match=rf"s\.jsonl:1: .*{message}"):
        session_log(path=jsonl(tmp_path / "s.jsonl", [BAD[message]]))


BAD_ITEMS = {
    "an item's name under `item`": [{"text": "x"}],
    "key 'text' is 5": [{"item": "a", "text": 5}],
    "item id 'a' stands twice": [{"item": "a"}, {"item": "a"}],
    "no items": [],
    "no item that came next is in the catalogue": [{"item": "z"}],
}


@pytest.mark.parametrize("message", BAD_ITEMS)
def test_bad_catalogues_are_named(message, tmp_path):
    sessions = jsonl(tmp_path / "s.jsonl", [{"user": "u", "history": [], "target": ["a"]}])
    with pytest.raises(UserError, match=message):
        session_log(path=sessions, items=jsonl(tmp_path / "i.jsonl", BAD_ITEMS[message]))


LOG = """userId,movieId,rating,timestamp
1,10,4.0,7300
1,11,4.0,100
1,12,4.0,160
2,10,3.0,50
1,13,4.0,7260
1,14,4.0,7300
3,11,3.0,0
3,12,3.0,9000
"""


@pytest.fixture
def log(tmp_path):
    (tmp_path / "ratings.csv").write_text(LOG)
    (tmp_path / "movies.csv").write_text('movieId,title,genres\n10,"Ten, the film",x\n11,E,x\n12,T,x\n13,D,x\n14,V,x\n')
    return tmp_path


def test_a_log_is_cut_at_pauses_and_the_last_session_is_asked_for(log):
    path, items = str(log / "ratings.csv"), str(log / "movies.csv")
    found = interactions(path=path, items=items, gap=60)
    assert [(s.id, s.history) for s in found.items] == [("1", ("11", "12")), ("3", ("11",))]
    # Equal times keep the order of the file.
    assert found.targets == [("13", "10", "14"), ("12",)]
    assert found.catalogue["10"] == "Ten, the film"
    assert found.counts["users with too few items"] == 1
    single = interactions(path=path, items=items)
    assert [(s.history, target) for s, target in zip(single.items, single.targets, strict=True)] == [
        (("11", "12", "13", "10"), ("14",)),
        (("11",), ("12",)),
    ]
    assert len(interactions(path=path, gap=60, shortest_history=2).items) == 1
    assert len(interactions(path=path, gap=60, shortest_target=2).items) == 1
    assert list(interactions(path=path).catalogue) == ["10", "11", "12", "13", "14"]
    with pytest.raises(UserError, match="no sessions"):
        interactions(path=path, gap=60, milliseconds=True)


def test_other_columns_and_separators(tmp_path):
    (tmp_path / "log.tsv").write_text("video\twho\tms\nv1\tu\t0\nv2\tu\t3600000\n")
    found = interactions(
        path=str(tmp_path / "log.tsv"), user="who", item="video", time="ms", delimiter="\t", milliseconds=True, gap=59
    )
    assert found.items[0].history == ("v1",)


BROKEN = {
    r"ratings\.csv:1: .*no column 'userId'.*did you mean 'userID'": "userID,movieId,timestamp\n",
    r"ratings\.csv:2: .*timestamp 'noon'": "userId,movieId,timestamp\n1,2,noon\n",
    r"ratings\.csv:2: .*2 columns": "userId,movieId,timestamp\n1,2\n",
    "no sessions": "userId,movieId,timestamp\n",
}


@pytest.mark.parametrize("message", BROKEN)
def test_broken_tables_are_named(message, log):
    (log / "ratings.csv").write_text(BROKEN[message])
    with pytest.raises(UserError, match=message):
        interactions(path=str(log / "ratings.csv"))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12).map(sorted), st.integers(0, 3))
def test_the_last_session_holds_no_pause_and_follows_one(times, gap):
    start = last_session([float(time) for time in times], gap)
    assert all(b - a <= 60 * gap for a, b in zip(times[start:], times[start + 1 :], strict=False))
    assert start == 0 or times[start] - times[start - 1] > 60 * gap
    assert last_session([float(time) for time in times], None) == len(times) - 1


WATCHED = """userId,movieId,timestamp,long_view,ms,liked,shared
few,a,0,1,9,1,0
few,b,9000,1,100,0,0
few,c,9001,0,100,0,0
many,a,0,0,0,0,0
many,b,9000,1,0,0,0
many,c,9001,1,0,0,0
long,a,0,0,0,0,0
long,b,9000,0,200.5,0,0
said,a,0,0,0,0,0
said,b,9000,0,0,0,0
said,c,9001,0,0,0,1
"""


@pytest.mark.parametrize(
    ("quality", "kept"),
    [
        ({"watched": "long_view", "shortest": 2}, {"many"}),
        ({"played": "ms", "longer_than": 200}, {"long"}),
        ({"feedback": ["liked", "shared"]}, {"said"}),
        ({"watched": "long_view", "shortest": 1}, {"few", "many"}),
        (
            {"watched": "long_view", "shortest": 2, "played": "ms", "longer_than": 200, "feedback": ["shared"]},
            {"many", "long", "said"},
        ),
    ],
)
def test_last_sessions_are_kept_where_they_are_good(quality, kept, tmp_path):
    (tmp_path / "log.csv").write_text(WATCHED)
    found = interactions(path=str(tmp_path / "log.csv"), gap=60, quality=Quality(**quality))
    assert {session.id for session in found.items} == kept
    assert found.counts["users whose last session is not of quality"] == 4 - len(kept)
    # What was had before it, and the catalogue, do not depend on how the last session went.
    assert all(session.history == ("a",) for session in found.items)
    assert list(found.catalogue) == ["a", "b", "c"]


def test_a_quality_that_says_nothing_or_reads_no_numbers_is_refused(tmp_path):
    for options, message in (
        ({}, "a column under `watched`"),
        ({"shortest": 3, "feedback": ["x"]}, "`watched:` beside `shortest:`"),
        ({"played": "ms"}, "`played:` and `longer_than:` together"),
    ):
        with pytest.raises(ValidationError, match=message):
            Quality(**options)
    (tmp_path / "log.csv").write_text(WATCHED.replace("200.5", "much"))
    with pytest.raises(UserError, match=r"log\.csv:9: .*ms 'much'"):
        interactions(path=str(tmp_path / "log.csv"), quality=Quality(played="ms", longer_than=1))
    with pytest.raises(UserError, match=r"log\.csv:1: .*no column 'like'"):
        interactions(path=str(tmp_path / "log.csv"), quality=Quality(feedback=["like"]))
