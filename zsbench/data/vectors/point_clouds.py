"""Point clouds for encoders of 3D shapes, centred, scaled to the unit ball, with colours.

    x' = (x - mean x) / max_i |x_i - mean x|         all zeros when the radius is below 1e-6

An item opens as an array (n_points, 6): xyz and rgb in 0-1, 0.4 where there are no colours. zsbench ships no encoder
of points: an adapter of your own takes these arrays in `prepare`; features computed elsewhere need no points at all
(`source: features`).

Source: Liu et al. 2023, arXiv:2305.10764 (OpenShape), and its public evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath, Text
from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import digest
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.items import ImageSet
from zsbench.data.label_arrays import array_labels, optional_texts, place
from zsbench.data.label_columns import UnlabelledImages

NO_COLOUR = 0.4


def normalise_points(points: FloatArray, *, y_up: bool = False) -> FloatArray:
    """Return points (n, 3) centred on their mean and scaled to the unit ball.

    Parameters
    ----------
    points : coordinates in any unit.
    y_up : the second axis points up; it is exchanged with the third first.
    """
    xyz = np.asarray(points, dtype=np.float32)
    xyz = xyz[:, [0, 2, 1]] if y_up else xyz
    xyz = xyz - xyz.mean(axis=0)
    radius = np.linalg.norm(xyz, axis=1).max()
    return np.zeros_like(xyz) if radius < 1e-6 else np.asarray(xyz / radius)


@dataclass(frozen=True)
class Shape:
    """One point cloud; `open()` gives (n_points, 6)."""

    id: str
    points: FloatArray
    colours: FloatArray | None
    n_points: int
    y_up: bool

    def digest(self) -> str:
        """Return the digest of what `open` gives."""
        return digest([self.open().tobytes()])

    def open(self) -> FloatArray:
        """Draw `n_points` points by a seed of the item's own, and normalise them."""
        generator, n = np.random.default_rng(list(self.id.encode())), len(self.points)
        chosen = np.sort(generator.choice(n, self.n_points, replace=n < self.n_points))
        colours = np.full((self.n_points, 3), NO_COLOUR) if self.colours is None else self.colours[chosen]
        xyz = normalise_points(self.points[chosen], y_up=self.y_up)
        return np.concatenate([xyz, colours], axis=1).astype(np.float32)


@source(gives="images")
def point_clouds(
    *,
    path: LocalPath,
    n_points: Count = 10_000,
    y_up: bool = False,
    cluster: Text | None = None,
    unlabelled: UnlabelledImages = "error",
) -> ImageSet:
    """Read `points` (n_shapes, n, 3), `labels` (n_shapes,) and, if there, `colours` 0-1 and `class_names` from .npz.

    Parameters
    ----------
    path : the file.
    n_points : points drawn from each cloud, without replacement where it has enough.
    y_up : the second axis points up; a wrong axis costs tens of points of accuracy.
    cluster : name of an array with what each cloud comes from (several scans of one thing), by default `clusters` where
        there is one.
    unlabelled : what a shape without label (-1, NaN) is: an error, dropped and counted, or kept for `unlabeled:`.
    """
    file = Path(path)
    held = arrays.read(file)
    points, labels = arrays.pick(held, "points", file), arrays.pick(held, "labels", file)
    colours = held.get("colours")
    if (
        points.ndim != 3
        or points.shape[2] != 3
        or labels.shape[:1] != points.shape[:1]
        or not np.isfinite(points).all()
    ):
        found = f"points {points.shape}, labels {labels.shape}"
        raise UserError(shown(file), found, "finite points (n_shapes, n, 3) and labels (n_shapes,)")
    if colours is not None and (colours.shape != points.shape or colours.max() > 1):
        raise UserError(shown(file), f"colours {colours.shape}, up to {colours.max():g}", "like the points, 0 to 1")
    names = optional_texts(held, file)
    column = array_labels(labels, len(points), place(file, "labels"), unlabelled=unlabelled, names=names)
    items = [Shape(f"{i:06d}", points[i], None if colours is None else colours[i], n_points, y_up) for i in column.kept]
    return ImageSet(
        items,
        column.labels,
        names or column.names,
        width=column.width,
        counts=column.counts,
        clusters=clusters.taken(clusters.of_array(held, cluster, len(points), file), column.kept, len(points)),
    )
