"""What an elevation model says of some areas, as a table: heights, slope, and the share of each class of slope."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import rasterio

from atlas.rasters.derive import read_window
from atlas.rasters.kernels import by_blocks, slope_degrees
from atlas.rasters.terrain import class_tables, window_of
from atlas.rasters.zonal import zone
from atlas.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.dem import Elevation
    from layers.errors import Language


@dataclass(frozen=True, slots=True)
class SlopeTable:
    """Head, rows, and the sentences that must stand beside them."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def class_titles(edges: Sequence[float]) -> list[str]:
    """Return a title for each class of slope, e.g. ``2–6°`` and ``>25°``."""
    inner = [f"{low:g}–{high:g}°" for low, high in pairwise(edges)]
    return [*inner, f">{edges[-1]:g}°"]


def slope_table(
    elevation: Elevation, areas: Sequence[tuple[str, BaseGeometry]], scheme: str, language: Language
) -> SlopeTable:
    """
    Return the terrain of some areas.

    Parameters
    ----------
    elevation
        An imported model.
    areas
        Name and shape of each, in the model's CRS.
    scheme
        Key of the classes of slope in `classes.toml`.
    language
        Of head and notes.

    Returns
    -------
    table
        One row per area: lowest, mean and highest cell (m), mean slope (°), share of each class (%), and the share of
        the area that has heights (%); a dash where there are none. Cells at an edge count with the part within.
    """
    classes = class_tables()["slope"][scheme]
    edges = [float(edge) for edge in classes["edges"]]
    rows = []
    with rasterio.open(elevation.file) as opened:
        for name, area in areas:
            window, inner = window_of(elevation.grid, area.bounds)
            padded = read_window(opened, window)
            heights = zone(padded[1:-1, 1:-1], inner, area)
            slope = zone(by_blocks(slope_degrees, padded, inner.cell_m), inner, area, edges)
            numbers = [heights.low, heights.mean, heights.high, slope.mean]
            shares = [100 * share if slope.count else np.nan for share in slope.shares]
            rows.append((name, *(_plain(value) for value in (*numbers, *shares, 100 * heights.known))))
    words = ("area", "low_m", "mean_m", "high_m", "mean_slope")
    head = (*(say(language, f"terrain.{key}") for key in words), *(f"{title} %" for title in class_titles(edges)))
    notes = (
        say(language, "raster.resolution", name=elevation.name, metres=f"{elevation.resolution_m:.3g}"),
        say(
            language,
            "terrain.rule_checked" if classes["checked"] else "terrain.rule_quoted",
            rule=classes["rule"][language],
        ),
    )
    return SlopeTable((*head, say(language, "terrain.known")), tuple(rows), notes)


def tint_edges(low_m: float, high_m: float) -> list[float]:
    """Return the lower edges of an elevation tint: round numbers from below the lowest to above the highest cell."""
    table = class_tables()["elevation"]
    unit, count = float(table["round_m"]), int(table["classes"])
    first = np.floor(low_m / unit) * unit
    step = max(unit, np.ceil((high_m - first) / count / unit) * unit)
    return [float(first + n * step) for n in range(count)]


def _plain(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "—"
