"""Tries and what is searched in them, against every id spelled out one by one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsbench.core.errors import RunError, UserError
from zsbench.methods.shared.constrained import beam, every
from zsbench.methods.shared.trie import Trie, require_apart

END = 9
IDS = st.lists(st.lists(st.integers(0, 3), max_size=4).map(lambda own: (*own, END)), min_size=1, max_size=14)


def table(seed):
    """Log-probabilities over ten tokens after any beginning, and a function that hands out those asked for."""
    known = {}

    def after(head):
        if head not in known:
            logits = np.random.default_rng([seed, *head]).normal(0, 2, 10)
            known[head] = logits - np.logaddexp.reduce(logits)
        return known[head]

    def ask(heads, wanted):
        assert len(set(heads)) == len(heads) == len(wanted)
        return [after(head)[list(tokens)] for head, tokens in zip(heads, wanted, strict=True)]

    return after, ask


def spelled_out(ids, after, *, renormalise):
    """Return the score of each id by its definition."""
    scores = []
    for own in ids:
        total = 0.0
        for place, token in enumerate(own):
            row = after(own[:place])
            total += row[token]
            if renormalise:
                allowed = {other[place] for other in ids if other[:place] == own[:place]}
                total -= math.log(sum(math.exp(row[t]) for t in allowed))
        scores.append(total)
    return scores


@settings(max_examples=60)
@given(ids=IDS, seed=st.integers(0, 99), renormalise=st.booleans())
def test_every_id_has_the_sum_of_its_tokens(ids, seed, renormalise):
    after, ask = table(seed)
    found = every(Trie(ids), ask, renormalise=renormalise)
    assert found == pytest.approx(spelled_out(ids, after, renormalise=renormalise))
    if renormalise:
        assert sum(math.exp(score) for own, score in dict(zip(ids, found, strict=True)).items()) == pytest.approx(1)


@settings(max_examples=60)
@given(ids=IDS, seed=st.integers(0, 99), width=st.integers(1, 15), renormalise=st.booleans())
def test_a_beam_returns_whole_ids_once_with_their_own_scores(ids, seed, width, renormalise):
    _, ask = table(seed)
    scores = every(Trie(ids), ask, renormalise=renormalise)
    found = beam(Trie(ids), ask, width=width, renormalise=renormalise)
    assert len({thing for thing, _ in found}) == len(found) <= width
    assert [score for _, score in found] == pytest.approx([scores[thing] for thing, _ in found])
    assert found == sorted(found, key=lambda one: (-one[1], one[0]))
    if width >= len(ids):
        assert [thing for thing, _ in found] == sorted(range(len(ids)), key=lambda i: (-scores[i], i))


def test_a_narrow_beam_loses_an_id_whose_first_token_is_improbable():
    first = {(): {1: 0.4, 2: 0.6}, (1,): {END: 0.9}, (2,): {3: 0.5, 4: 0.5}, (2, 3): {END: 1.0}, (2, 4): {END: 1.0}}

    def ask(heads, wanted):
        return [np.log([first[head][token] for token in tokens]) for head, tokens in zip(heads, wanted, strict=True)]

    trie = Trie([(1, END), (2, 3, END), (2, 4, END)])
    assert [thing for thing, _ in beam(trie, ask, width=1)] == [1]
    assert [thing for thing, _ in beam(trie, ask, width=2)] == [0, 1]
    assert np.argmax(every(trie, ask)) == 0


def test_an_id_that_begins_another_needs_an_end_token():
    with pytest.raises(UserError, match="number 0 begin those of number 2"):
        Trie([(1, 2), (3, 1), (1, 2, 4)])
    trie = Trie([(1, 2, END), (3, 1, END), (1, 2, 4, END)])
    [(one, node), (three, _)] = trie.children(trie.root)
    assert (one, three) == (1, 3)
    assert trie.things(node) == []
    [(_, both)] = trie.children(node)
    assert [token for token, _ in trie.children(both)] == [4, END]


def test_things_that_share_an_id_follow_each_other_in_order():
    trie = Trie([(5,), (1,), (5,), (5,)])
    _, ask = table(0)
    scores = every(trie, ask)
    assert scores[0] == scores[2] == scores[3]
    found = [thing for thing, _ in beam(trie, ask, width=4)]
    assert [thing for thing in found if thing != 1] == [0, 2, 3]


@pytest.mark.parametrize("ids", [[], [(1,), ()]])
def test_ids_need_tokens(ids):
    with pytest.raises(UserError, match="token"):
        Trie(ids)


def test_ids_that_a_tokenizer_cannot_tell_apart_are_refused():
    same, apart = [(1, 2)] * 3, [(1, i) for i in range(100)]
    with pytest.raises(RunError, match=r"2 of 3 ids are the same tokens .*\('x' and 'y'\)"):
        require_apart(same, ["x", "y", "z"])
    require_apart(same, ["x", "x", "x"])  # things may share an id
    require_apart([*apart, (1, 0)], [*map(str, range(100)), "other"])  # a few may be unknown
    require_apart([], [])
