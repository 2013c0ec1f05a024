"""Whether areas that tile the district still do so as they are drawn: simplified, rounded, and on pixels at every zoom.

Leaflet rounds every vertex to a whole pixel. Two neighbours meet without gap or overlap at any zoom if every edge
between them is drawn by both, once in each direction; what is left over must be the edge of the district.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from atlas import webpage
from atlas.sheets import SheetLayer
from atlas.webmap import WebMap
from tests.benchmarks.measure import Number, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Edges = Counter[tuple[float, float, float, float]]


def coverage(setting: Setting) -> list[Number]:
    """Count, for each kind that tiles, the edges that do not fit, as sent and as drawn at each zoom."""
    plan, atlas = setting.opened()
    web = WebMap(plan, atlas)
    outer = shapes_of(web, "district")
    # The client zooms by quarters.
    zooms = np.arange(webpage._FARTHEST_ZOOM, webpage._CLOSEST_ZOOM + 0.25, 0.25).tolist()
    numbers = []
    for kind in [layer.kind.id for layer in plan.layers.values() if layer.kind.tiles and len(layer) > 1]:
        shapes = shapes_of(web, kind)
        invalid = [edges for edges in shapely.coverage_invalid_edges(shapes) if not edges.is_empty]
        loose = {zoom: unmatched(on_pixels(shapes, zoom), on_pixels(outer, zoom)) for zoom in zooms}
        numbers += [
            _number(f"{kind}: areas with an invalid edge, of {len(shapes)}", len(invalid)),
            _number(
                f"{kind}: edges without partner, worst of zoom {zooms[0]:g} to {zooms[-1]:g}",
                max(loose.values()),
                list(loose.values()),
            ),
        ]
    return numbers


def shapes_of(web: WebMap, kind: str) -> list[BaseGeometry]:
    """Return the shapes of a kind as the browser gets them."""
    features: list[dict[str, Any]] = web.layer(SheetLayer(kind))["features"]
    # Shells run one way and holes the other, so that an edge and its partner are opposite.
    return [shapely.orient_polygons(shapely.geometry.shape(feature["geometry"])) for feature in features]


def on_pixels(shapes: Iterable[BaseGeometry], zoom: float) -> list[BaseGeometry]:
    """Return shapes of longitude and latitude in whole pixels of the web map at a zoom."""
    world = 256 * 2**zoom

    def project(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        sine = np.sin(np.radians(degrees[:, 1]))
        north = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
        return np.round(world * np.column_stack([degrees[:, 0] / 360 + 0.5, north]))

    return [shapely.transform(shape, project) for shape in shapes]


def unmatched(shapes: Sequence[BaseGeometry], outer: Sequence[BaseGeometry]) -> int:
    """Return how many edges of areas have neither their reverse in a neighbour nor a part in the outer edge."""
    left: Edges = Counter()
    for x1, y1, x2, y2 in directed_edges(shapes):
        left[x1, y1, x2, y2] += 1
        left[x2, y2, x1, y1] -= 1
    for x1, y1, x2, y2 in directed_edges(outer):
        left[x1, y1, x2, y2] -= 1
        left[x2, y2, x1, y1] += 1
    return sum(count for count in left.values() if count > 0)


def directed_edges(shapes: Sequence[BaseGeometry]) -> Iterator[tuple[float, float, float, float]]:
    """Return every edge of areas in the direction of the data, without those of no length."""
    for part in shapely.get_parts(list(shapes)):
        for ring in (part.exterior, *part.interiors):
            for (x1, y1), (x2, y2) in pairwise(shapely.get_coordinates(ring).tolist()):
                if (x1, y1) != (x2, y2):
                    yield x1, y1, x2, y2


def _number(what: str, value: float, samples: list[int] | None = None) -> Number:
    return Number(
        "coverage",
        what,
        float(value),
        "",
        target=0.0,
        samples={"ours": [float(sample) for sample in samples or [int(value)]]},
    )
