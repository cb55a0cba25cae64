from zsbench.metrics.rankings.recommended import Recommended

ALSO = ["reward-mean(of=watch)", "reward-max(of=watch)"]
BLIND = {"*"}  # tested by hand: a list of rewards has no place of its own in the common examples


def example(rng, n):
    names = ("reward", "watch")
    return [Recommended([], {name: list(rng.random(3)) for name in names}) for _ in range(n)], [None] * n


def perfect(pred, gold):
    return [Recommended([], {key: [1.0] for key in answer.rewards}) for answer in pred]
