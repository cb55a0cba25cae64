"""S3A's CVPR: cluster the test images, vote each cluster a name of a broad vocabulary, realign by distinctive phrases.

    1  k-means over the image features                                     clusters of images
    2  vote, assign, reassign, `n_iter` times                              a name for every image
    3  with `phrases`: candidates of each cluster scored by what sets them apart, assigned and reassigned once more

The vocabulary is the task's class list; answers are labels. Without `phrases` the candidates of each cluster stand
in the result's notes, ready to be put to a language model.

Source: Zhang et al. 2024, arXiv:2308.12960, section 3 (the self-training of the encoder is not part of it).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Count, Few, LocalPath
from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, lazy, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._s3a import Partition, candidates, estimate_clusters, name_clusters, realigned
from zsbench.methods.classification._s3a_phrases import Phrases, read_phrases
from zsbench.methods.classification._support import text_weights
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.models.capabilities import ImageTextEncoder

if TYPE_CHECKING:
    import sklearn.cluster as cluster
else:
    cluster = lazy("sklearn.cluster")


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    kind="transductive",
    uses=("all test images",),
    uses_with={"phrases": "phrases of a language model"},
    after="prompt-ensemble",
)
@companions(("weighted", "phrases"), ("k1", "phrases", None), ("k2", "phrases"))
def s3a(
    *,
    clusters: Count | Literal["estimate"] = "estimate",
    n_iter: Few = 3,
    k1: Few = 3,
    phrases: LocalPath | None = None,
    k2: Few = 3,
    weighted: bool = True,
) -> Rule:
    """Name images by clusters that vote.

    Parameters
    ----------
    clusters : their number, if known; `estimate` searches the best silhouette.
    n_iter : rounds of vote, assignment and reassignment.
    k1 : candidates of each cluster in the notes.
    phrases : JSON {cluster: {candidate: {phrase: count}}} about the candidates in the notes of a run without it.
    k2 : phrases that each image votes for.
    weighted : weigh phrases by their counts.
    """

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        weights = text_weights(before, method="s3a")
        features = np.concatenate(list(encoder.chunks()))
        k = _number_of_clusters(clusters, features, len(weights), encoder)
        start = cluster.KMeans(k, random_state=encoder.seed, n_init=17, max_iter=1000).fit_predict(features)
        partition = name_clusters(features, weights, start, n_iter=n_iter)
        if phrases is None:
            names = [[problem.class_names[i] for i in row] for row in candidates(partition.agreement, k1=k1)]
            encoder.note("s3a candidates", dict(zip(_keys(partition), names, strict=True)))
        else:
            distinct = _with_embeddings(Path(phrases), partition, encoder, problem)
            partition = realigned(features, weights, partition.voted_on, distinct, k2=k2, weighted=weighted)
        labels = {item.id: label for item, label in zip(encoder.items, partition.names, strict=True)}

        def score(batch: Batch) -> IntArray:
            strange = next((item.id for item in batch.items if item.id not in labels), None)
            if strange is not None:
                raise UserError(
                    "s3a", f"'{strange}' is no test image, and only those are named", "s3a as the last link"
                )
            return np.array([labels[item.id] for item in batch.items], dtype=np.int64)

        return Classifier(score, ScoreKind("labels"))

    return build


def _number_of_clusters(wanted: int | str, features: Any, n_names: int, encoder: Encoder) -> int:
    if isinstance(wanted, int):
        if wanted > min(len(features), n_names):
            found = f"s3a: {wanted} clusters for {len(features)} images and {n_names} names"
            raise UserError("", found, "at most as many as images and as names")
        return wanted
    k = estimate_clusters(features, high=min(1000, n_names), seed=encoder.seed)
    encoder.note("s3a clusters (estimated)", k)
    return k


def _keys(partition: Partition) -> list[str]:
    return [str(number) for number in np.unique(partition.voted_on)]


def _with_embeddings(file: Path, partition: Partition, encoder: Encoder, problem: Problem) -> list[Phrases]:
    """Return the phrases of every cluster with their embeddings.

    A phrase's prompts are the templates filled with `NAME with PHRASE`; their embeddings are averaged like a class's.
    """
    distinct = read_phrases(file, _keys(partition), problem.class_names)
    rows = []
    for by_name in distinct:
        names = sorted(by_name)
        pairs = [(number, phrase) for number, name in enumerate(names) for phrase in by_name[name]]
        texts = [t for number, phrase in pairs for t in problem.prompts(f"{names[number]} with {phrase}")]
        shape = (len(pairs), len(problem.templates), -1)
        embeddings = ensemble(encoder.texts(texts).reshape(shape)) if pairs else np.zeros((0, 1))
        counts = [by_name[names[number]][phrase] for number, phrase in pairs]
        numbers = [problem.class_names.index(name) for name in names]
        rows.append(Phrases(np.array(numbers), np.array([n for n, _ in pairs]), np.array(counts), embeddings))
    return rows
