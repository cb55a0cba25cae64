"""A hundred answers as models write them, and what each of them says: nothing is read out of prose."""

import pytest

from zsbench.methods.rerank._parse import choice, first_named, lenient, named

# text -> the passages that it names (from 1), or None where it names no order.
ORDERS = {
    "[2] > [1] > [3]": "213",
    "[2]>[1]>[3]": "213",
    " [2] > [1] > [3]\n": "213",
    "2] > [1] > [3]": "213",
    "[2] > [1] > [3]. Passage [2] answers the question.": "213",
    "Here is the ranking of the 3 passages: [2] > [1] > [3]": "213",
    "The 3 passages are ranked as follows:\n\n[3] > [2] > [1]": "321",
    "**[2] > [1] > [3]**": "213",
    "```\n[2] > [1] > [3]\n```": "213",
    "Ranking: 2 > 1 > 3": "213",
    "2 > 1 > 3": "213",
    "Passage 2 > Passage 1 > Passage 3": "213",
    "Passage [2] > Passage [1] > Passage [3]": "213",
    "document 3 > document 1 > document 2": "312",
    "[2, 1, 3]": "213",
    "The order is [3, 1, 2].": "312",
    "1. [3]\n2. [1]\n3. [2]": "312",
    "1. Passage 3\n2. Passage 1\n3. Passage 2": "312",
    "1) Passage [3]: names the river\n2) Passage [1]: a lake": "31",
    "2, 1, 3": "213",
    "2 1 3": "213",
    "3": "3",
    "[1]": "1",
    "[1] and then [3]": "13",
    "[2] > [2] > [1]": "21",
    "[9] > [2] > [1]": "21",
    "[2] > [1] > [": "21",
    "[2] > [1] > [3] > [2] > [1]": "213",
    "I compared [1] > [2] first, but in the end [3] > [1] > [2]": "312",
    "First [1] > [2] > [3]; no: [3] > [2] > [1]": "321",
    "① > ③ > ②": "132",
    "[３] > [２] > [１]": "321",
    "[ 2 ] > [ 1 ] > [ 3 ]": "213",
    "Sure! Based on relevance to the query: [1] > [3] > [2]": "132",
    "Passage 3 is the best, then Passage 1.": "31",
    "Based on the 3 passages I cannot rank them.": None,
    "I cannot rank these 3 passages.": None,
    "There are 20 passages, 3 of which fit.": None,
    "In 1998, 2 of 3 rivers flooded.": None,
    "": None,
    "None of the passages is relevant.": None,
    "I'm sorry, but I can't help with that.": None,
    "Rank 1 goes to the first passage.": None,
    "1998": "",
    "> > >": None,
    "Step 1: read. Step 2: rank.": None,
    "Scores: 0.9, 0.2, 0.1": None,
    "[]": None,
    "[a] > [b]": None,
}

# text -> the label of three, A to C, or None.
CHOICES = {
    "B": "B",
    "b": "B",
    "B.": "B",
    "(B)": "B",
    "[B]": "B",
    "**B**": "B",
    '"B"': "B",
    "Passage B": "B",
    "passage b": "B",
    "Passage B.": "B",
    "**Passage B**": "B",
    "Document C": "C",
    "Passage: B": "B",
    "B\n\nBecause it names the river.": "B",
    "Passage B\n\nExplanation: it names the river.": "B",
    "The answer is B": "B",
    "The answer is: **B**": "B",
    "The answer is Passage B.": "B",
    "Answer: B": "B",
    "Answer: Passage C": "C",
    "Final answer: C.": "C",
    "Output: Passage A": "A",
    "My choice is C": "C",
    "I choose B": "B",
    "I would choose Passage B.": "B",
    "Between A and B, I choose B": "B",
    "I pick the passage C": "C",
    "\\boxed{B}": "B",
    "\\boxed{\\text{Passage B}}": "B",
    "Comparing Passage A and Passage B, Passage B is more relevant": "B",
    "Passage B is more relevant than Passage A.": "B",
    "Passage A is less relevant than Passage C, so the answer is C": "C",
    "Passage C is the most relevant to the query.": "C",
    "A passage about rivers. The answer is B": "B",
    "A river is named in Passage C.": "C",
    "The most relevant passage is Passage A.": "A",
    "Passage A seems better; the answer should be A": "A",
    "First I thought the answer is A. No: the answer is C": "C",
    "Passage B and Passage C both fit.": None,
    "Passage A is less relevant than Passage B": None,
    "Neither passage is relevant.": None,
    "Both passages are equally relevant": None,
    "I think none of them.": None,
    "A good question!": None,
    "I'm sorry, I can't help.": None,
    "": None,
    "D": None,
    "A or B": None,
    "A, B, C": None,
    "Passage": None,
    "The answer is not in the passages.": None,
    "the answer is a passage about rivers": None,
}


def test_there_are_a_hundred():
    assert len(ORDERS) + len(CHOICES) >= 100


@pytest.mark.parametrize("text", ORDERS)
def test_orders(text):
    order, well_formed, n_named = named(text, 3)
    said = [int(c) - 1 for c in ORDERS[text] or ""]
    assert order == [*said, *(i for i in range(3) if i not in said)]
    assert n_named == len(said)
    assert not well_formed or len(said) == 3


@pytest.mark.parametrize("text", CHOICES)
def test_choices(text):
    found = choice(text, "ABC")
    assert ("ABC"[found] if found is not None else None) == CHOICES[text]


@pytest.mark.parametrize("label", "AI")
def test_words_of_one_letter_are_no_labels(label):
    for text in ("A passage about x", "I think so", "I am not sure"):
        assert choice(text, "ABCDEFGHI") is None
    assert choice("I think C", "ABCDEFGHI") == 2
    assert choice(f"Passage {label}", "ABCDEFGHI") == "ABCDEFGHI".index(label)


def test_letters_in_an_order():
    assert named("[B] > [A] > [C]", 3, letters=True).order == [1, 0, 2]
    assert named("B > A > C", 3, letters=True).well_formed
    assert named("B A C", 3, letters=True).order == [1, 0, 2]
    assert named("I rank A Passage first", 3, letters=True).n_named == 0


def test_the_rules_of_public_code_read_prose_too():
    assert lenient("Here is the ranking of the 3 passages: [2] > [1] > [3]", 3).order == [2, 1, 0]
    assert first_named("Comparing Passage A and Passage B, Passage B is better", "AB") == 0
    assert first_named("B", "AB") == 1
    assert first_named("the answer is B", "AB") is None
