"""Ray-cast rooms: small pictures with exact metric depth, drawn from a seed in a few milliseconds.

A room has a tiled floor, brick walls and a plain ceiling; in it stand balls and boxes whose sizes are tied to
their colours. Tiles, bricks and objects of known size are what lets a network learn depth in metres at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 48, 64
MIN_DEPTH, MAX_DEPTH = 0.1, 10.0
TILE, BRICK_LONG, BRICK_HIGH = 0.5, 0.6, 0.3

# radius or side in metres, and the colour that gives it away
BALLS = ((0.18, (0.90, 0.25, 0.20)), (0.30, (0.20, 0.45, 0.90)), (0.45, (0.95, 0.80, 0.20)))
BOXES = ((0.30, (0.20, 0.70, 0.35)), (0.50, (0.65, 0.30, 0.75)), (0.80, (0.90, 0.55, 0.25)))
WALL_COLOURS = ((0.70, 0.42, 0.34), (0.62, 0.60, 0.55), (0.45, 0.52, 0.60))
FLOOR_COLOURS = (((0.80, 0.78, 0.72), (0.45, 0.42, 0.40)), ((0.72, 0.62, 0.48), (0.42, 0.30, 0.22)))
CEILING, MORTAR, HAZE = (0.85, 0.86, 0.88), (0.82, 0.80, 0.76), (0.75, 0.77, 0.80)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """The camera's place, and its pixels' directions in the room, scaled so that z along the axis is one."""

    origin: Array  # (3,): x right, y up, z into the room
    rays: Array  # (H, W, 3)


@dataclass
class Canvas:
    """The nearest surface so far at every pixel."""

    depth: Array
    colour: Array
    normal: Array

    def paint(self, depth: Array, colour: Array, normal: Array) -> None:
        """Overwrite the pixels where the new surface is nearer."""
        nearer = depth < self.depth
        self.depth[nearer] = depth[nearer]
        self.colour[nearer] = np.broadcast_to(colour, self.colour.shape)[nearer]
        self.normal[nearer] = normal[nearer]


def intrinsics(focal: float) -> list[float]:
    """fx, fy, cx, cy in pixels; pixel centres lie at half integers, so the middle is width / 2."""
    return [float(focal), float(focal), WIDTH / 2, HEIGHT / 2]


def random_view(rng: np.random.Generator, focal: float) -> View:
    """A camera at head height that looks a little up, down or to the side."""
    fx, fy, cx, cy = intrinsics(focal)
    right, down = np.meshgrid((np.arange(WIDTH) + 0.5 - cx) / fx, (np.arange(HEIGHT) + 0.5 - cy) / fy)
    local = np.stack([right, -down, np.ones_like(right)], -1)
    pitch, yaw = np.radians(rng.uniform(-3, 14)), rng.uniform(-0.5, 0.5)
    tilt = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    return View(np.array([0.0, rng.uniform(1.4, 1.6), 0.0]), local @ (turn @ tilt).T)


def slabs(origin: Array, rays: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Distances at which rays cross the near and the far plane of an axis-aligned box, axis by axis."""
    safe = np.where(np.abs(rays) < 1e-9, 1e-9, rays)
    first, second = (low - origin) / safe, (high - origin) / safe
    return np.minimum(first, second), np.maximum(first, second)


def brick_mask(along: Array, up: Array) -> Array:
    """True in the mortar lines of a running bond, every second row shifted by half a brick."""
    row = np.floor(up / BRICK_HIGH)
    shifted = along / BRICK_LONG + 0.5 * (row % 2)
    return (shifted % 1 < 0.10) | ((up / BRICK_HIGH) % 1 < 0.18)


def paint_room(canvas: Canvas, view: View, rng: np.random.Generator) -> tuple[Array, Array]:
    """Floor, ceiling and walls, seen from inside; returns the corners of the room."""
    low = np.array([-rng.uniform(1.5, 4), 0.0, -2.0])
    high = np.array([rng.uniform(1.5, 4), rng.uniform(2.4, 3.2), rng.uniform(3, 9)])
    far = slabs(view.origin, view.rays, low, high)[1]
    axis, depth = far.argmin(-1), far.min(-1)
    hit = view.origin + view.rays * depth[..., None]
    x, y, z = hit[..., 0], hit[..., 1], hit[..., 2]
    light, dark = np.array(FLOOR_COLOURS[rng.integers(len(FLOOR_COLOURS))])
    odd = (np.floor(x / TILE + 0.01) + np.floor(z / TILE + 0.01)) % 2 == 1
    flat = np.where((view.rays[..., 1] < 0)[..., None], np.where(odd[..., None], light, dark), CEILING)
    brick = np.array(WALL_COLOURS[rng.integers(len(WALL_COLOURS))])
    mortar = brick_mask(np.where(axis == 0, z, x), y)
    wall = np.where(mortar[..., None], MORTAR, brick)
    colour = np.where((axis == 1)[..., None], flat, wall)
    canvas.paint(depth, colour, -np.eye(3)[axis] * np.sign(view.rays))
    return low, high


def paint_ball(canvas: Canvas, view: View, centre: Array, radius: float, colour: Array) -> None:
    """A ball that rests on the floor."""
    offset = view.origin - centre
    a = (view.rays**2).sum(-1)
    b = view.rays @ offset
    root = b**2 - a * (offset @ offset - radius**2)
    depth = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
    depth[depth < MIN_DEPTH] = np.inf
    hit = offset + view.rays * np.where(np.isfinite(depth), depth, 0)[..., None]
    canvas.paint(depth, colour, hit / radius)


def paint_box(canvas: Canvas, view: View, centre: Array, side: float, angle: float, colour: Array) -> None:
    """A cube on the floor, turned about the vertical."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    rays, origin = view.rays @ turn.T, turn @ (view.origin - centre)
    half = np.full(3, side / 2)
    near, far = slabs(origin, rays, -half, half)
    axis, depth = near.argmax(-1), near.max(-1)
    depth = np.where((depth < far.min(-1)) & (depth > MIN_DEPTH), depth, np.inf)
    canvas.paint(depth, colour, (-np.eye(3)[axis] * np.sign(rays)) @ turn)


def paint_objects(canvas: Canvas, view: View, low: Array, high: Array, rng: np.random.Generator) -> None:
    """One to three balls and one to three boxes at free places of the floor in front of the camera."""
    for catalogue, is_ball in ((BALLS, True), (BOXES, False)):
        for _ in range(rng.integers(1, 4)):
            size, colour = catalogue[rng.integers(len(catalogue))]
            z = rng.uniform(1.2, high[2] - 0.6)
            x = np.clip(rng.uniform(-0.7, 0.7) * z, low[0] + 0.6, high[0] - 0.6)
            if is_ball:
                paint_ball(canvas, view, np.array([x, size, z]), size, np.array(colour))
            else:
                angle = rng.uniform(0, np.pi / 2)
                paint_box(canvas, view, np.array([x, size / 2, z]), size, angle, np.array(colour))


def shade(canvas: Canvas, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lambert shading by one lamp direction, a little haze with distance, and sensor noise."""
    lamp = np.array([rng.uniform(-0.6, 0.6), 1.0, rng.uniform(-0.9, -0.3)])
    lit = np.maximum(canvas.normal @ (lamp / np.linalg.norm(lamp)), 0)
    picture = canvas.colour * (0.45 + 0.55 * lit)[..., None] * rng.uniform(0.85, 1.1)
    haze = 1 - np.exp(-canvas.depth / 30)[..., None]
    picture = picture * (1 - haze) + np.array(HAZE) * haze + rng.normal(0, 0.012, picture.shape)
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)


def draw_room(rng: np.random.Generator, focal: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One picture (H, W, 3) and its depth in metres along the optical axis (H, W); 0 where out of range."""
    view = random_view(rng, focal)
    canvas = Canvas(np.full((HEIGHT, WIDTH), np.inf), np.zeros((HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, WIDTH, 3)))
    low, high = paint_room(canvas, view, rng)
    paint_objects(canvas, view, low, high, rng)
    picture = shade(canvas, rng)
    depth = np.where((canvas.depth >= MIN_DEPTH) & (canvas.depth <= MAX_DEPTH), canvas.depth, 0)
    return picture, depth.astype(np.float32)
