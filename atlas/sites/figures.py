"""Sites in print figures: as layers of their own over a sheet, and a small map for each in the report."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from PIL import Image
from shapely.ops import nearest_points

from atlas.figures.compose import compose
from atlas.figures.export import preview
from atlas.figures.recipe import Recipe
from atlas.words import say
from layers import Feature, Layer, PlanError, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas.sheets import Atlas
    from atlas.sites.model import SiteSet
    from layers import Plan
    from layers.errors import Language

# Dots per inch of the maps in a report, which halves them: sharp in print at the width of a page. With a palette each
# is a quarter of the size, so that a report of 200 sites can still be sent by mail.
_DPI: Final = 140
_PALETTE: Final = 256
# How much around a site is seen, in multiples of its size, and at least so many metres.
_AROUND: Final = 1.5
_LEAST_M: Final = 2500.0
_DIMENSIONS: Final = {"point": 0, "line": 1, "area": 2}


def site_layers(sites: SiteSet, plan: Plan) -> tuple[Layer, ...]:
    """
    Return sites as layers of the user's own kinds, as `atlas.figures` draws them over a sheet.

    Parameters
    ----------
    sites
        Of the plan's district; what shares no ground with anything is drawn all the same.
    plan
        Gives the working CRS.

    Returns
    -------
    layers
        Lowest first, without empty ones.
    """
    dimensions = shapely.get_dimensions(sites.frame.geometry.to_numpy())
    layers = []
    for kind in vocabulary().own.values():
        rows = sites.frame.iloc[np.flatnonzero(dimensions == _DIMENSIONS[kind.geometry])].to_dict("records")
        if rows:
            layers.append(Layer(kind, plan.crs, tuple(_feature(row, kind.id) for row in rows)))
    return tuple(layers)


class SiteMaps:
    """
    The maps of a report.

    Parameters
    ----------
    sites
        What is reported.
    plan, atlas
        What they lie on; its first sheet is drawn under them.
    language
        Of the maps' own words.
    """

    def __init__(self, sites: SiteSet, plan: Plan, atlas: Atlas, language: Language = "zh") -> None:
        self.sites, self.plan, self.atlas = sites, plan, atlas
        self._layers = site_layers(sites, plan)
        today = datetime.now(UTC).astimezone().date().isoformat()
        self._recipe = Recipe(plan.district.id, atlas.sheet().id, "A4", "landscape", language=language, compiled=today)

    def of(self, site: str) -> bytes | None:
        """Return the map of a site, by its id, as PNG; None where none can be drawn."""
        [shape] = self.sites.frame.geometry[self.sites.frame["id"] == site]
        district = shapely.union_all([feature.geometry for feature in self.plan.layers["district"].rows])
        # Of a site outside, a map without the district would tell nobody where it is.
        edge, _ = nearest_points(district, shape)
        west, south, east, north = shapely.union(edge, shape).bounds
        around = max(_LEAST_M, _AROUND * max(east - west, north - south))
        [name] = self.sites.frame["name"][self.sites.frame["id"] == site]
        return self._drawn((west - around, south - around, east + around, north + around), str(name or site))

    def overview(self) -> bytes | None:
        """Return a map of all sites, as points, and the whole sheet as PNG; None where none can be drawn."""
        middles = self.sites.frame.set_geometry(self.sites.frame.representative_point())
        title = say(self._recipe.language, "report.overview")
        return self._drawn(None, title, site_layers(replace(self.sites, frame=middles), self.plan))

    def _drawn(
        self, extent: tuple[float, float, float, float] | None, title: str, layers: tuple[Layer, ...] = ()
    ) -> bytes | None:
        # A sheet may be too full for a small page: then with fewer of its layers, and at last with the sites alone.
        for hidden in self._less():
            recipe = replace(self._recipe, title=title, hidden=hidden)
            try:
                figure = compose(self.plan, self.atlas, recipe, overlays=layers or self._layers, extent=extent)
            except PlanError:
                continue
            return _light(preview(figure, _DPI))
        return None

    def _less(self) -> Iterator[tuple[str, ...]]:
        layers = [layer.id for layer in self.atlas.sheet().layers]
        for kept in (len(layers), len(layers) // 2, len(layers) // 4, 0):
            yield tuple(layers[kept:])


def _light(png: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        reduced = picture.convert("RGB").quantize(_PALETTE, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        # The paper stays as white as the page around it, where colours are averaged.
        paper, colours = reduced.getpixel((0, 0)), reduced.getpalette() or []
        if isinstance(paper, int):
            colours[3 * paper : 3 * paper + 3] = picture.convert("RGB").getpixel((0, 0))
        reduced.putpalette(colours)
        reduced.save(out, "PNG")
    return out.getvalue()


def _feature(row: dict[Any, Any], kind: str) -> Feature:
    return Feature(
        id=f"site-{row['id']}",
        name=row["name"] or row["id"],
        kind=kind,
        class_="",
        status="planned",
        basis="digitised",
        sigma_m=row["sigma_m"],
        source="",
        clauses=(),
        rank=1,
        places=(),
        towns=(),
        note="",
        geometry=row["geometry"],
    )
