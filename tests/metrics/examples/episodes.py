def example(rng, n):
    return tuple([[int(label) for label in rng.integers(0, 5, 6)] for _ in range(n)] for _ in range(2))


def perfect(pred, gold):
    return gold
