from zsbench.metrics.rankings.recommended import Recommended

CUT = {"HitRate", "session-recall", "session-nDCG"}
BLIND = {"*"}  # names of items, no scores


def example(rng, n):
    names = [f"item-{i}" for i in range(8)]

    def drawn(most):
        return [names[i] for i in rng.permutation(8)[: rng.integers(1, most)]]

    return [Recommended(drawn(7)) for _ in range(n)], [drawn(5) for _ in range(n)]


def perfect(pred, gold):
    return [Recommended(session) for session in gold]
