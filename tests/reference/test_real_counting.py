"""REAL's counts of synonyms equal the reference's, exactly, and so do the names it chooses."""

import pytest

from tests.reference._golden import load_json, needs, some
from zsbench.analysis.frequency.counting import searches
from zsbench.analysis.frequency.counting.tallies import Tally, by_frequency, first_held
from zsbench.core.errors import UserError
from zsbench.data.synonym_counts import SynonymCounts

COUNTED = load_json("real", "caption_count.json")


@pytest.mark.parametrize("case", some(COUNTED and COUNTED["results"], "real"), ids=lambda case: case["concept"])
def test_synonyms_are_counted_and_captions_credited_once(case):
    needs(COUNTED)
    search = searches.Search("fts")
    slots, finder = searches.make(search, {case["concept"]: case["alternates"]}, "concepts")
    texts = [searches.NULL["fts"] if caption is None else caption for caption in COUNTED["captions"]]
    rows, found = slots.of_terms(*finder.find(texts))
    tally = Tally(slots)
    tally.add(rows, found)
    (counted,) = tally.counts()
    assert (counted.names, counted.count) == (case["counts"], case["actual_freq"])
    credited = {name: [] for name in case["alternates"]}
    for row in range(len(texts)):
        name = first_held(found[rows == row].tolist(), by_frequency(counted.names), slots.names[0])
        if name is not None:
            credited[name].append(row + 1)
    assert credited == case["attributed_rowids_1based"]
    assert counted.credited == {name: len(held) for name, held in credited.items()}


@pytest.mark.parametrize("case", some(load_json("real", "synonym_choice.json"), "real"), ids=lambda case: case["name"])
def test_the_name_that_counts_choose(case):
    one = SynonymCounts(case["name"], dict(case["alternates"]))
    for choice in ("relaxed", "strict"):
        if case[choice] == "KeyError":
            with pytest.raises(UserError, match="no count of the official name"):
                one.best_name(choice, "file")
        else:
            assert one.best_name(choice, "file") == case[choice]
