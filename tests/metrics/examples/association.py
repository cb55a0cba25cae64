ALSO = ["jaccard(candidates=5)"]


def example(rng, n):
    sizes = rng.integers(4, 9, n)
    gold = [frozenset(int(i) for i in rng.choice(size, rng.integers(1, size), replace=False)) for size in sizes]
    # At least one cue has enough candidates for every spelling.
    gold[0], sizes[0] = frozenset([0, 2]), 8
    return [list(row) for row in (rng.random(size) for size in sizes)], gold


def perfect(pred, gold):
    return [[float(i in own) for i in range(len(row))] for row, own in zip(pred, gold, strict=True)]
