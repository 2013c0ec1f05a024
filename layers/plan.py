"""`Plan`, the central type: one district's plan, every layer in one projected CRS, every feature with its source.

Whoever holds a `Plan` can draw it: what could be wrong with it was found when it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    import pyproj
    from shapely.geometry.base import BaseGeometry

    from layers.kinds import Kind
    from layers.records import Basis, District, Place, Source, Statement, Status, Target


@dataclass(frozen=True, slots=True)
class Feature:
    """
    One thing on the map.

    Parameters
    ----------
    id, name, kind, class_
        What it is; `class_` is blank where the kind has none.
    status
        existing | building | planned | study, as of the plan.
    basis, sigma_m
        How its position is known (official > digitised > gazetteer > derived > schematic), and its standard error in
        metres.
    source
        Id of who says so.
    clauses
        Ids of the statements of the plan that it shows.
    rank
        1 is the most important of its kind.
    places, towns
        Ids of the places it is made from, and of the seats of the towns it joins.
    note
        What a reader must know.
    geometry
        In the plan's working CRS.
    """

    id: str
    name: str
    kind: str
    class_: str
    status: Status
    basis: Basis
    sigma_m: float
    source: str
    clauses: tuple[str, ...]
    rank: int
    places: tuple[str, ...]
    towns: tuple[str, ...]
    note: str
    geometry: BaseGeometry


COLUMNS: Final = tuple(field.name.rstrip("_") for field in fields(Feature))


@dataclass(frozen=True)
class Layer:
    """
    All features of one kind, in the order of the data.

    Parameters
    ----------
    kind
        What they are.
    crs
        The plan's working CRS.
    rows
        The features.
    """

    kind: Kind
    crs: pyproj.CRS
    rows: tuple[Feature, ...]

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.rows)

    @cached_property
    def features(self) -> gpd.GeoDataFrame:
        """The features as a frame with the columns `COLUMNS` (those of `Feature`), in the working CRS."""
        # A command that needs no frame does not wait half a second for these.
        import geopandas as gpd  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415

        values = [[getattr(row, field.name) for field in fields(Feature)] for row in self.rows]
        table = pd.DataFrame(values, columns=list(COLUMNS))
        return gpd.GeoDataFrame(table, geometry="geometry", crs=self.crs)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One district's plan.

    Parameters
    ----------
    district
        The study area and which plan this is.
    crs
        The working CRS, projected, in metres; every layer is in it.
    layers
        By kind, in drawing order (lowest first); kinds without a located feature are there, empty.
    places, sources, statements, targets
        The records the layers were made from, by id.
    fingerprint
        Hash of the data: another one means that something changed.
    """

    district: District
    crs: pyproj.CRS
    layers: Mapping[str, Layer]
    places: Mapping[str, Place]
    sources: Mapping[str, Source]
    statements: Mapping[str, Statement]
    targets: Mapping[str, Target]
    fingerprint: str

    def __repr__(self) -> str:
        """Say what it holds in one line."""
        counts = ", ".join(f"{kind} {len(layer)}" for kind, layer in self.layers.items() if len(layer))
        return f"Plan({self.district.id}: {counts} | {self.crs.to_string()})"

    def features(self) -> Iterator[Feature]:
        """Return every feature, in drawing order."""
        return chain.from_iterable(layer.rows for layer in self.layers.values())

    def feature(self, id_: str) -> Feature | None:
        """Return a feature, or None if there is no such feature."""
        return next((feature for feature in self.features() if feature.id == id_), None)
