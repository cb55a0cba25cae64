from tests.metrics import examples

ALSO = ["class-F1(label=c)", "class-precision(label=c)", "class-recall(label=c)"]


class Named(list):
    class_names = property(lambda self: list("abcdef"))


def example(rng, n):
    pred, gold = examples.rows_and_labels(rng, n)
    return pred, Named(gold)


def perfect(pred, gold):
    return examples.one_hot(gold)
