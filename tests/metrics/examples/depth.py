ALSO = ["AbsRel(average=pixel)", "RMSE(average=pixel)", "SILog(average=pixel,focus=0.5)", "delta(average=pixel)@2"]


def example(rng, n):
    gold = [rng.uniform(1, 9, 20) for _ in range(n)]
    return [g * rng.uniform(0.7, 1.4, 20) for g in gold], gold


def perfect(pred, gold):
    return gold
