"""Draw digits, capital letters and simple shapes from our own stroke tables, and say in words what was drawn.

Coordinates have y pointing down and a glyph fills about [-1, 1] in both directions. No font is involved, so
the images depend on this file and the random generator alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
SIDE = 32  # pixels of a drawn image
FIELD = 112  # samples of a glyph's distance field along each axis
REACH = 1.5  # the field covers [-REACH, REACH]


def arc(cx: float, cy: float, rx: float, ry: float, start: float = 0, stop: float = 360) -> Array:
    """Points of an elliptic arc; 0 degrees is right, 90 is down."""
    angle = np.radians(np.linspace(start, stop, max(3, int(abs(stop - start) / 15) + 1)))
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1).astype(np.float32)


def path(*parts: tuple[float, float] | Array) -> Array:
    """Join points and arcs into one polyline."""
    return np.concatenate([np.atleast_2d(np.asarray(part, np.float32)) for part in parts])


def polar(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=1).astype(np.float32)


def regular(corners: int) -> Array:
    return polar(np.ones(corners, np.float32), np.linspace(0, 2 * np.pi, corners, endpoint=False))


def turned(points: Array, degrees: float) -> Array:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (points @ np.array([[c, s], [-s, c]])).astype(np.float32)


def heart() -> Array:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y], axis=1).astype(np.float32) / 17


TURN = np.linspace(0, 2 * np.pi, 80, endpoint=False)
LENS = path(arc(-0.75, 0, 1.25, 1.25, -53, 53), arc(0.75, 0, 1.25, 1.25, 127, 233))

# A digit has one or more ways of writing it; a way is a list of strokes.
DIGITS: dict[str, list[list[Array]]] = {
    "zero": [[arc(0, 0, 0.62, 1)]],
    "one": [
        [path((-0.45, -0.55), (0.05, -1), (0.05, 1))],
        [path((0, -1), (0, 1))],
        [path((-0.45, -0.55), (0.05, -1), (0.05, 1)), path((-0.45, 1), (0.5, 1))],
    ],
    "two": [[path(arc(0, -0.42, 0.6, 0.58, 190, 395), (-0.65, 1), (0.68, 1))]],
    "three": [[path(arc(-0.05, -0.5, 0.58, 0.5, 210, 450), arc(-0.05, 0.5, 0.65, 0.5, 270, 510))]],
    "four": [
        [path((0.35, 1), (0.35, -1), (-0.65, 0.35), (0.7, 0.35))],
        [path((-0.45, -1), (-0.6, 0.2), (0.7, 0.2)), path((0.35, -0.6), (0.3, 1))],
    ],
    "five": [
        [path((0.6, -1), (-0.5, -1), (-0.55, -0.1)), arc(-0.02, 0.38, 0.62, 0.62, 215, 510)],
    ],
    "six": [[path((0.4, -1), (-0.2, -0.6), (-0.52, 0), arc(0, 0.45, 0.58, 0.55, 180, 540))]],
    "seven": [
        [path((-0.65, -1), (0.65, -1), (-0.15, 1))],
        [path((-0.65, -1), (0.65, -1), (-0.15, 1)), path((-0.35, 0), (0.55, 0))],
    ],
    "eight": [[arc(0, -0.5, 0.5, 0.5), arc(0, 0.5, 0.62, 0.5)]],
    "nine": [
        [path(arc(0, -0.45, 0.58, 0.55), (0.5, 1))],
        [path(arc(0, -0.45, 0.58, 0.55), (0.52, 0.15), (0.2, 0.75), (-0.4, 1))],
    ],
}

# A is left out as the captions' article; I, O, Q and S because a hasty hand writes them as 1, 0, 0 and 5.
LETTERS: dict[str, list[Array]] = {
    "B": [
        path((-0.55, -1), (-0.55, 1)),
        path((-0.55, -1), arc(0, -0.5, 0.5, 0.5, 270, 450), (-0.55, 0)),
        path((-0.55, 0), arc(0.05, 0.5, 0.55, 0.5, 270, 450), (-0.55, 1)),
    ],
    "C": [arc(0.1, 0, 0.75, 1, 310, 50)],
    "D": [path((-0.6, -1), arc(-0.1, 0, 0.75, 1, 270, 450), (-0.6, 1), (-0.6, -1))],
    "E": [path((0.6, -1), (-0.55, -1), (-0.55, 1), (0.6, 1)), path((-0.55, 0), (0.4, 0))],
    "F": [path((0.6, -1), (-0.5, -1), (-0.5, 1)), path((-0.5, -0.05), (0.4, -0.05))],
    "G": [path(arc(0.05, 0, 0.72, 1, 310, 0), (0.15, 0.05))],
    "H": [path((-0.6, -1), (-0.6, 1)), path((0.6, -1), (0.6, 1)), path((-0.6, 0), (0.6, 0))],
    "J": [path((0.4, -1), arc(-0.1, 0.45, 0.5, 0.55, 0, 165)), path((0, -1), (0.75, -1))],
    "K": [path((-0.5, -1), (-0.5, 1)), path((0.6, -1), (-0.5, 0.1)), path((-0.2, -0.15), (0.65, 1))],
    "L": [path((-0.45, -1), (-0.45, 1), (0.6, 1))],
    "M": [path((-0.75, 1), (-0.7, -1), (0, 0.35), (0.7, -1), (0.75, 1))],
    "N": [path((-0.6, 1), (-0.6, -1), (0.6, 1), (0.6, -1))],
    "P": [path((-0.5, 1), (-0.5, -1), arc(0.05, -0.45, 0.5, 0.55, 270, 450), (-0.5, 0.1))],
    "R": [
        path((-0.5, 1), (-0.5, -1), arc(0.05, -0.45, 0.5, 0.55, 270, 450), (-0.5, 0.1)),
        path((-0.05, 0.1), (0.6, 1)),
    ],
    "T": [path((-0.7, -1), (0.7, -1)), path((0, -1), (0, 1))],
    "U": [path((-0.6, -1), arc(0, 0.35, 0.6, 0.65, 180, 0), (0.6, -1))],
    "V": [path((-0.65, -1), (0, 1), (0.65, -1))],
    "W": [path((-0.85, -1), (-0.45, 1), (0, -0.3), (0.45, 1), (0.85, -1))],
    "X": [path((-0.6, -1), (0.6, 1)), path((0.6, -1), (-0.6, 1))],
    "Y": [path((-0.65, -1), (0, -0.05), (0.65, -1)), path((0, -0.05), (0, 1))],
    "Z": [path((-0.6, -1), (0.6, -1), (-0.6, 1), (0.6, 1))],
}

# Closed loops; a point is inside when it is inside an odd number of them.
SHAPES: dict[str, list[Array]] = {
    "circle": [arc(0, 0, 0.95, 0.95)],
    "square": [path((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85))],
    "triangle": [path((0, -1), (0.95, 0.8), (-0.95, 0.8))],
    "diamond": [path((0, -1), (0.75, 0), (0, 1), (-0.75, 0))],
    "pentagon": [regular(5)],
    "hexagon": [regular(6)],
    "star": [polar(np.tile(np.float32([1, 0.42]), 5), np.arange(10) * np.pi / 5)],
    "heart": [heart()],
    "cross": [
        path(
            *[(-0.32, -0.95), (0.32, -0.95), (0.32, -0.32), (0.95, -0.32), (0.95, 0.32), (0.32, 0.32)],
            *[(0.32, 0.95), (-0.32, 0.95), (-0.32, 0.32), (-0.95, 0.32), (-0.95, -0.32), (-0.32, -0.32)],
        )
    ],
    "arrow": [
        path((-0.95, -0.3), (0.1, -0.3), (0.1, -0.85), (1, 0), (0.1, 0.85), (0.1, 0.3), (-0.95, 0.3)),
    ],
    "moon": [path(arc(-0.1, 0, 0.95, 0.95, 60, 300), arc(0.45, 0, 0.826, 0.826, 264.8, 95.2))],
    "drop": [path((0, -1), arc(0, 0.35, 0.65, 0.65, -28, 208))],
    "kite": [path((0, -1), (0.65, -0.4), (0, 1), (-0.65, -0.4))],
    "bolt": [path((0.25, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.3, 1), (0.6, -0.25), (0.05, -0.25))],
    "hourglass": [path((-0.7, -0.95), (0.7, -0.95), (-0.7, 0.95), (0.7, 0.95))],
    "house": [
        path((0, -1), (0.9, -0.15), (0.65, -0.15), (0.65, 0.9), (-0.65, 0.9), (-0.65, -0.15), (-0.9, -0.15)),
    ],
    "ring": [arc(0, 0, 0.95, 0.95), arc(0, 0, 0.5, 0.5)],
    "flower": [polar(0.68 + 0.28 * np.cos(5 * TURN), TURN)],
    "leaf": [turned(LENS, 40)],
    "shield": [
        path((-0.8, -0.9), (0.8, -0.9), (0.78, 0.1), (0.5, 0.65), (0, 1), (-0.5, 0.65), (-0.78, 0.1)),
    ],
    "crown": [
        path((-0.9, 0.75), (-0.9, -0.7), (-0.45, 0), (0, -0.8), (0.45, 0), (0.9, -0.7), (0.9, 0.75)),
    ],
    "trapezoid": [path((-0.5, -0.7), (0.5, -0.7), (0.95, 0.7), (-0.95, 0.7))],
    "gear": [polar(np.where(np.cos(8 * TURN) > 0, 0.98, 0.68), TURN)],
    "fish": [path(arc(-0.25, 0, 0.7, 0.5, 40, 320), (0.95, -0.55), (0.75, 0), (0.95, 0.55))],
}

COLOURS = {
    "red": (0.85, 0.12, 0.12),
    "orange": (0.97, 0.55, 0.08),
    "yellow": (0.95, 0.9, 0.15),
    "green": (0.1, 0.6, 0.2),
    "blue": (0.12, 0.3, 0.85),
    "purple": (0.55, 0.15, 0.65),
    "white": (0.97, 0.97, 0.97),
    "black": (0.04, 0.04, 0.04),
}
TEXTURES = ("plain", "striped", "dotted", "checked", "outlined")  # of shapes; strokes are always plain
SIZES = {"small": (0.52, 0.62), "medium": (0.66, 0.76), "large": (0.82, 0.96)}
CLASSES = (
    *(f"digit {word}" for word in DIGITS),
    *(f"letter {capital}" for capital in LETTERS),
    *SHAPES,
)
STROKED = len(DIGITS) + len(LETTERS)  # concepts below this index are strokes, the others closed shapes
OTHER_WORDS = {"digit": "number", "letter": "capital"}

ATTRIBUTES = ("concept", "colour", "background", "texture", "size")  # columns of an attribute table
NAMED_IN_CAPTIONS = (1.0, 0.40, 0.10, 0.35, 0.25)  # how often a caption names each of them
CAPTIONS = ("a photo of {}", "a picture of {}", "a drawing of {}", "an image of {}", "this is {}", "{}")


def held_out() -> NDArray[np.bool_]:
    """Concept x colour pairs kept for testing: every sixth diagonal, so each concept has one or two."""
    return np.add.outer(np.arange(len(CLASSES)), np.arange(len(COLOURS))) % 6 == 4


def sample(concepts: NDArray[np.int64], rng: np.random.Generator, *, test: bool = False) -> NDArray[np.int64]:
    """Draw the other attributes for these concepts: colours from the training or from the held-out pairs."""
    n = len(concepts)
    allowed = held_out()[concepts] == test
    colour = np.where(allowed, rng.random(allowed.shape), -1).argmax(axis=1)
    background = (colour + rng.integers(1, len(COLOURS), n)) % len(COLOURS)
    texture = np.where(concepts < STROKED, 0, rng.integers(0, len(TEXTURES), n))
    return np.stack([concepts, colour, background, texture, rng.integers(0, len(SIZES), n)], axis=1)


def _field(lines: list[Array], closed: bool) -> Array:
    """Distance of each point of a square grid to the lines, negative inside closed loops."""
    axis = np.linspace(-REACH, REACH, FIELD, dtype=np.float32)
    x, y = (grid.reshape(-1, 1) for grid in np.meshgrid(axis, axis))
    starts = np.concatenate([line if closed else line[:-1] for line in lines])
    ends = np.concatenate([np.roll(line, -1, axis=0) if closed else line[1:] for line in lines])
    (ax, ay), (dx, dy) = starts.T, (ends - starts).T
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / np.maximum(dx**2 + dy**2, 1e-9), 0, 1)
    distance = np.hypot(x - ax - along * dx, y - ay - along * dy).min(axis=1)
    if closed:
        slope = dx / np.where(dy == 0, 1, dy)  # a level edge is never crossed, so its slope does not matter
        crossed = ((ay > y) != (ay + dy > y)) & (x < ax + (y - ay) * slope)
        distance = np.where(crossed.sum(axis=1) % 2 == 1, -distance, distance)
    return distance.reshape(FIELD, FIELD).astype(np.float32)


@dataclass(frozen=True)
class Fields:
    """Distance fields of all ways of drawing all concepts; a concept's ways lie one after another."""

    values: Array
    first: NDArray[np.int64]
    ways: NDArray[np.int64]


@cache
def fields() -> Fields:
    """The distance fields, computed once per process."""
    drawings = [*DIGITS.values(), *([strokes] for strokes in LETTERS.values())]
    strokes = [_field(way, closed=False) for ways in drawings for way in ways]
    shapes = [_field(loops, closed=True) for loops in SHAPES.values()]
    ways = np.array([*(len(way) for way in drawings), *([1] * len(SHAPES))])
    return Fields(np.stack(strokes + shapes), np.cumsum(ways) - ways, ways)


def _poses(sizes: NDArray[np.int64], rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Glyph coordinates of each pixel (n, pixels) in x and y, and each image's scale (n, 1)."""
    n = len(sizes)
    bounds = np.array(list(SIZES.values()))[sizes]
    scale = rng.uniform(bounds[:, 0], bounds[:, 1])[:, None]
    stretch = np.exp(rng.normal(0, 0.1, (n, 1)))
    turn, shear = np.radians(rng.normal(0, 9, (n, 1))), rng.normal(0, 0.12, (n, 1))
    shift = rng.uniform(-1, 1, (2, n, 1)) * (1.02 - scale) * 0.8
    axis = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    px, py = (grid.reshape(1, -1) for grid in np.meshgrid(axis, axis))
    x, y = px - shift[0], py - shift[1]
    # Two slow waves bend straight strokes a little, the way a hand does.
    strength, wave = rng.uniform(0.02, 0.05, (2, n, 1)), rng.uniform(1.5, 4.5, (2, n, 1))
    phase = rng.uniform(0, 2 * np.pi, (2, n, 1))
    x, y = x + strength[0] * np.sin(wave[0] * y + phase[0]), y + strength[1] * np.sin(wave[1] * x + phase[1])
    c, s = np.cos(turn), np.sin(turn)
    x, y = (c * x + s * y) / (scale * stretch), (c * y - s * x) * stretch / scale
    return x + shear * y, y, scale


def _look_up(which: NDArray[np.int64], x: Array, y: Array) -> Array:
    """Bilinear values of each image's distance field at its glyph coordinates."""
    u, v = (np.clip((value + REACH) / (2 * REACH) * (FIELD - 1), 0, FIELD - 1.001) for value in (x, y))
    column, row = u.astype(np.int64), v.astype(np.int64)
    u, v = u - column, v - row
    values, corner = fields().values.ravel(), (which[:, None] * FIELD + row) * FIELD + column
    above = values[corner] * (1 - u) + values[corner + 1] * u
    below = values[corner + FIELD] * (1 - u) + values[corner + FIELD + 1] * u
    return above * (1 - v) + below * v


def _paint(textures: NDArray[np.int64], x: Array, y: Array, rng: np.random.Generator) -> Array:
    """How much of the glyph's colour its texture leaves at each pixel: 1, or a third in the gaps."""
    beat = rng.uniform(1.5, 2.1, (len(textures), 1)) * 2 * np.pi
    phase = rng.uniform(0, 2 * np.pi, (2, len(textures), 1))
    slant = rng.uniform(0, np.pi, (len(textures), 1))
    across, down = np.sin(beat * x + phase[0]), np.sin(beat * y + phase[1])
    stripes = np.sin(beat * (x * np.cos(slant) + y * np.sin(slant)) + phase[0])
    gap = np.select(
        [textures[:, None] == TEXTURES.index(name) for name in ("striped", "dotted", "checked")],
        [stripes, across + down - 0.7, across * down * 2],
        default=-1.0,
    )
    return 1 - 0.7 * np.clip(gap * 3 + 0.5, 0, 1)


@cache
def _blurs() -> Array:
    """Matrices that shrink a row of SIDE pixels to 8..16 and stretch it back; the last one does nothing."""
    blurs = []
    for m in range(8, 17):
        cells = np.clip(np.minimum.outer(np.arange(1, m + 1) / m, np.arange(1, SIDE + 1) / SIDE), 0, 1)
        starts = np.maximum.outer(np.arange(m) / m, np.arange(SIDE) / SIDE)
        shrink = np.maximum(cells - starts, 0) * m
        place = np.clip((np.arange(SIDE) + 0.5) / SIDE * m - 0.5, 0, m - 1)
        stretch = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(m)))
        blurs.append(stretch @ shrink)
    return np.stack([*blurs, np.eye(SIDE)]).astype(np.float32)


def _tones(colours: NDArray[np.int64], rng: np.random.Generator) -> Array:
    palette = np.array(list(COLOURS.values()))[colours]
    return np.clip(palette + rng.normal(0, 0.05, palette.shape), 0, 1)[:, None, :]


def draw(attributes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one image per row of the attribute table, as (n, SIDE, SIDE, 3) bytes."""
    concept, colour, background, texture, size = attributes.T
    n, shapes = len(attributes), fields()
    x, y, scale = _poses(size, rng)
    way = shapes.first[concept] + rng.integers(0, shapes.ways[concept])
    distance = _look_up(way, x, y)
    width = rng.uniform(0.09, 0.22, (n, 1))  # half the width of a stroke
    outlined = (texture == TEXTURES.index("outlined"))[:, None]
    stroked = (concept < STROKED)[:, None]
    depth = np.where(stroked, width - distance, np.where(outlined, width * 0.7 - np.abs(distance), -distance))
    cover = np.clip(depth * scale * SIDE / 2 + 0.5, 0, 1) * _paint(texture, x, y, rng)
    glyph, ground = _tones(colour, rng), _tones(background, rng)
    image = (ground + cover[..., None] * (glyph - ground)).reshape(n, SIDE, SIDE, 3).astype(np.float32)
    blur = _blurs()[np.where(rng.random(n) < 0.35, rng.integers(0, 9, n), 9)]
    image = np.einsum("nij,njkc->nikc", blur, image, optimize=True)
    image = np.einsum("nij,nkjc->nkic", blur, image, optimize=True)
    image += rng.standard_normal(image.shape, np.float32) * rng.uniform(0, 0.05, (n, 1, 1, 1)).astype(np.float32)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def draw_many(attributes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a large table in pieces that fit the processor's cache."""
    return np.concatenate([draw(attributes[i : i + 64], rng) for i in range(0, len(attributes), 64)])


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def describe(row: NDArray[np.int64], named: NDArray[np.bool_], template: int, other_word: bool) -> str:
    """The caption of one image: only the attributes marked in `named` are mentioned."""
    name = CLASSES[row[0]]
    first, _, rest = name.partition(" ")
    if other_word and rest:
        name = f"{OTHER_WORDS[first]} {rest}"
    words = [
        *([tuple(SIZES)[row[4]]] if named[4] else []),
        *([TEXTURES[row[3]]] if named[3] else []),
        *([tuple(COLOURS)[row[1]]] if named[1] else []),
        name,
        *([f"on {_with_article(tuple(COLOURS)[row[2]])} background"] if named[2] else []),
    ]
    return CAPTIONS[template].format(_with_article(" ".join(words)))


def captions(attributes: NDArray[np.int64], rng: np.random.Generator) -> tuple[list[str], NDArray[np.bool_]]:
    """Captions for a table, and which attributes each one names."""
    named = rng.random(attributes.shape) < np.array(NAMED_IN_CAPTIONS)
    named[:, 3] &= attributes[:, 0] >= STROKED
    template, other = rng.integers(0, len(CAPTIONS), len(attributes)), rng.random(len(attributes)) < 0.3
    rows = zip(attributes, named, template, other, strict=True)
    return [describe(*row) for row in rows], named


def vocabulary() -> list[str]:
    """Every word that a caption can contain, lower-cased and sorted."""
    phrases = [*CLASSES, *COLOURS, *TEXTURES, *SIZES, *OTHER_WORDS.values(), *CAPTIONS, "an on background"]
    return sorted({word for phrase in phrases for word in phrase.replace("{}", "").lower().split()})
