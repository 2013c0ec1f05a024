"""Draws a sheet for the browser: one JSON document that the map client shows.

The app hands it to its map component, `atlas.webpage` puts it into a file of its own; both show the same drawing.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from atlas import basemaps
from atlas.cards import card
from atlas.drawing import drawn, extent, left_open, shared_borders
from atlas.legend import LegendEntry, basis_legend
from atlas.theme import theme
from atlas.webshapes import corners, to_degrees, web_shapes
from atlas.words import certainty, say, words
from layers import vocabulary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.recipes import RasterRecipe
    from atlas.rasters.view import View
    from atlas.rasters.views import Surfaces
    from atlas.screening.controls import Control
    from atlas.sheets import Atlas, Sheet, SheetLayer
    from layers import Feature, Plan
    from layers.errors import Language

SPEC_VERSION: Final = 1
# Room around everything that the view may be moved into.
_MARGIN_DEGREES: Final = 0.2
_PICTURES_KEPT: Final = 8


class WebMap:
    """
    The sheets of one district, drawn for the browser.

    Parameters
    ----------
    plan
        The plan to draw.
    atlas
        Its sheets.
    language
        Of titles, legends and the client's own words.
    elevation
        Where the district's imported elevation model would be; None to do without.
    controls
        Control layers of the user, which a surface of suitability takes out.
    """

    def __init__(
        self,
        plan: Plan,
        atlas: Atlas,
        language: Language = "zh",
        *,
        elevation: Path | None = None,
        controls: Sequence[Control] = (),
    ) -> None:
        self.plan, self.atlas, self.language = plan, atlas, language
        self.elevation, self.controls = elevation, controls
        self._drawn: dict[str, dict[str, Any]] = {}
        self._pictures: dict[RasterRecipe, dict[str, Any]] = {}

    @cached_property
    def _shapes(self) -> dict[str, BaseGeometry]:
        return web_shapes(self.plan)

    def layer(self, wanted: SheetLayer) -> dict[str, Any]:
        """Return one layer of the document, the same object every time: its features, classes, and a hash of them."""
        if wanted.id in self._drawn:
            return self._drawn[wanted.id]
        layer = drawn(self.plan, wanted, self.language)
        kind = layer.kind
        content: dict[str, Any] = {
            "id": wanted.id,
            "title": kind.name.in_(self.language),
            "group": kind.group,
            "geometry": kind.geometry,
            "opacity": 1,
            "classes": [_legend_row(entry) for entry in layer.legend],
            "features": [
                self._feature(feature, row, layer.legend[row], named=not kind.backdrop)
                for feature, row in zip(layer.features, layer.rows, strict=True)
            ],
        }
        if kind.tiles and len(layer.features) > 1:
            borders = shared_borders([self._shapes[feature.id] for feature in layer.features])
            content["mesh"] = shapely.geometry.mapping(borders)
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        content["hash"] = hashlib.sha256(text.encode()).hexdigest()[:12]
        return self._drawn.setdefault(wanted.id, content)

    def surface(self, recipe: RasterRecipe) -> View:
        """Return a raster as sheets show it."""
        return self._surfaces.view(recipe)

    @cached_property
    def _surfaces(self) -> Surfaces:
        from atlas.rasters.views import Surfaces  # noqa: PLC0415 - only a sheet with a raster waits for its libraries

        return Surfaces(self.plan, self.language, self.elevation, self.controls)

    def _feature(self, feature: Feature, row: int, way: LegendEntry, *, named: bool) -> dict[str, Any]:
        return {
            "id": feature.id,
            "c": row,
            # The client takes a feature without a name for backdrop.
            "name": feature.name if named else "",
            "hint": certainty(self.language, feature.basis, feature.sigma_m),
            "label": feature.name if "label" in way.style else None,
            "rank": feature.rank,
            "sigma_m": feature.sigma_m,
            "arrow": "end" if way.style.get("arrow") else None,
            "geometry": shapely.geometry.mapping(self._shapes[feature.id]),
        }

    def document(
        self,
        sheet: Sheet,
        *,
        selected: str = "",
        hidden: Collection[str] = (),
        basemap: str = basemaps.NONE,
        fly: int = 0,
        alone: bool = False,
        overlays: Sequence[Mapping[str, Any]] = (),
        draw: bool = False,
        show: int = 0,
        recipe: RasterRecipe | None = None,
    ) -> dict[str, Any]:
        """
        Return the document of a sheet for the map client.

        Parameters
        ----------
        sheet
            Which sheet.
        selected
            Id of the selected feature.
        hidden
            Layer ids switched off, and ``!id`` of those switched on that start off.
        basemap
            Id of the basemap; an unknown one counts as none.
        fly
            Counter; when it grows, the client flies to the selected feature.
        alone
            For a page without a server: cards, note and open points are part of the document, and basemaps that need
            the user's own key are not.
        overlays
            Layers of the user's own over the sheet, as `atlas.sites.overlay` makes them.
        draw
            Whether sites can be drawn on the map.
        show
            Counter; when it changes, the client sees to it that the overlays in and around the district are in view.
        recipe
            Of the raster under the sheet, if not the sheet's own.
        """
        language = self.language
        shown = self.plan.feature(selected)
        if shown is not None:
            # A selected feature is shown, even if its layer starts hidden on this sheet.
            hidden = {*hidden, *(f"!{layer.id}" for layer in sheet.layers if layer.kind == shown.kind and not layer.on)}
        offered = [b for b in basemaps.basemaps() if not alone or "{s}" not in b.url]
        layers = [{**self.layer(layer), "on": layer.on} for layer in sheet.layers]
        layers += [dict(layer) for layer in overlays]
        used = {layer["group"] for layer in layers}
        added = {layer["group"] for layer in overlays}
        return {
            "version": SPEC_VERSION,
            "district": self.plan.district.id,
            "sheet": sheet.id,
            "title": sheet.title.in_(language),
            "subtitle": self.plan.district.name.in_(language),
            "lang": "zh-CN" if language == "zh" else "en",
            "view": {"bounds": self.bounds(sheet), "fit": "if-changed"},
            "max_bounds": self._farthest(overlays),
            # A site is looked at more closely than what the plan says of it.
            "max_zoom": theme()["sites"]["max_zoom"] if overlays or draw else None,
            "draw": draw,
            "show": {"n": show, "bounds": self._worth_seeing(overlays)} if show else None,
            "groups": [
                {"id": id_, "title": vocabulary().groups[id_].in_(language)}
                # What the user has added comes first, as it lies on top.
                for id_ in sorted(vocabulary().groups, key=lambda id_: id_ not in added)
                if id_ in used
            ],
            "layers": layers,
            "basis_legend": [_legend_row(entry) for entry in basis_legend(language)],
            "basemaps": [
                {
                    "id": b.id,
                    "title": b.name.in_(language),
                    "url": b.url,
                    "overlay_url": b.overlay_url,
                    "subdomains": b.subdomains,
                    "attribution": b.attribution,
                    "max_zoom": b.max_zoom,
                }
                for b in offered
            ],
            "basemap": basemap if basemap in {b.id for b in offered} else basemaps.NONE,
            "hidden": sorted(hidden),
            "selected": selected or None,
            "fly": fly,
            "words": dict(words(language)["map"]),
            "footer": say(language, "app.disclaimer"),
            "cards": self._cards(sheet) if alone else None,
            "note": sheet.note.in_(language) if alone else None,
            "left_open": [f"{name}:{reason}" for name, reason in left_open(self.plan, sheet)] if alone else None,
            **self._under(recipe or self.atlas.rasters.get(sheet.raster)),
        }

    def _under(self, recipe: RasterRecipe | None) -> dict[str, Any]:
        if recipe is None:
            return {}
        from atlas.rasters.weblayers import web_surface  # noqa: PLC0415 - as above

        if recipe not in self._pictures:
            if len(self._pictures) >= _PICTURES_KEPT:
                self._pictures.clear()
            self._pictures[recipe] = web_surface(self.surface(recipe), self.language)
        return {"surface": self._pictures[recipe]}

    def _cards(self, sheet: Sheet) -> dict[str, Any]:
        cards = {}
        for layer in sheet.layers:
            for feature in self.plan.layers[layer.kind].rows:
                known = card(self.plan, feature, self.language)
                cards[known.id] = {
                    "title": known.title,
                    "subtitle": known.subtitle,
                    "rows": [{"label": label, "value": text} for label, text in known.rows],
                    "statements": [{"phrase": c.phrase, "where": c.where, "target": c.target} for c in known.clauses],
                }
        return cards

    def bounds(self, sheet: Sheet) -> list[list[float]]:
        """Return south-west and north-east corner of a sheet in degrees, latitude first as Leaflet has it."""
        return corners(to_degrees([extent(self.plan, sheet)], self.plan.crs)[0])

    def _farthest(self, overlays: Sequence[Mapping[str, Any]]) -> list[list[float]]:
        """Return the corners beyond which there is nothing to see."""
        shapes = [shapely.geometry.shape(feature["geometry"]) for layer in overlays for feature in layer["features"]]
        bounds = np.concatenate([shapely.bounds(shapes or shapely.Point()).reshape(-1, 2), self._reach])
        everything = shapely.MultiPoint(bounds[np.isfinite(bounds).all(axis=1)])
        return corners(everything.envelope.buffer(_MARGIN_DEGREES))

    def _worth_seeing(self, overlays: Sequence[Mapping[str, Any]]) -> list[list[float]] | None:
        """Return the corners around overlays; one site of another province does not make the district a dot."""
        shapes = [shapely.geometry.shape(feature["geometry"]) for layer in overlays for feature in layer["features"]]
        around = shapely.MultiPoint(self._reach).envelope.buffer(_MARGIN_DEGREES)
        near = [shape for shape in shapes if around.intersects(shape)] or shapes
        return corners(shapely.box(*shapely.total_bounds(near))) if near else None

    @cached_property
    def _reach(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.concatenate([np.reshape(shape.bounds, (2, 2)) for shape in self._shapes.values()])


def _legend_row(entry: LegendEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "style": entry.style,
        "geometry": entry.geometry,
    }
