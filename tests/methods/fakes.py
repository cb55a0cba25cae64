"""An encoder of given vectors, for tests of rules that see nothing but features."""

from types import SimpleNamespace

import numpy as np

from zsbench.methods.classification import Known, Problem, normalise

WIDTH = 8


def vector(text):
    """A vector that depends on the text alone."""
    return np.random.default_rng(list(text.encode())).standard_normal(WIDTH)


def unit(text):
    """The vector of a text, of length 1."""
    return vector(text) / np.linalg.norm(vector(text))


def images(n=23, seed=0):
    """Vectors of images, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal((n, WIDTH))


class FakeEncoder:
    """Texts and images whose features are known; `rows` of them a chunk.

    `images` (n, width) are the test images, `texts` maps a text to its vector (or is a function of it), `other`
    (m, width) are further images whose items are `others`.
    """

    def __init__(self, images, texts, *, logit_scale=100.0, other=(), rows=16, model=None):
        self.model = model or SimpleNamespace(logit_scale=logit_scale)
        self.features, self.vector, self.rows = normalise(images), texts if callable(texts) else texts.__getitem__, rows
        self.items, self.others = list(range(len(images))), [("other", i) for i in range(len(other))]
        self.other = normalise(other) if len(other) else other
        self.notes, self.asked, self.seed = {}, [], 0

    def texts(self, texts):
        self.asked += texts
        return normalise(np.stack([self.vector(text) for text in texts]))

    def images(self, items, *, raw=False):
        return np.stack([self.other[item[1]] if isinstance(item, tuple) else self.features[item] for item in items])

    def batches(self):
        for start in range(0, len(self.items), self.rows):
            yield Known(self.features[start : start + self.rows], self.items[start : start + self.rows])

    def chunks(self):
        for batch in self.batches():
            yield batch.features

    def note(self, key, value):
        self.notes[key] = value

    def warn(self, text):
        self.notes["warning"] = text

    def scores(self, classifier):
        """The classifier's answers for all test images."""
        return np.concatenate([classifier.score(batch) for batch in self.batches()])


def fake_problem(names, templates=("{}",), logit_scale=100.0, **further):
    return Problem(list(names), list(templates), logit_scale, **further)
