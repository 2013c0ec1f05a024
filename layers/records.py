"""What a district's data are made of: sources, places, elements, statements and targets, as immutable records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.io import Row
    from layers.kinds import Name

Basis = Literal["official", "digitised", "gazetteer", "derived", "schematic"]
Status = Literal["existing", "building", "planned", "study"]
State = Literal["mapped", "district_wide", "unlocated"]
Shape = Literal[
    "outline",
    "thiessen",
    "point",
    "arrow",
    "route",
    "loop",
    "along",
    "belt",
    "disc",
    "circle",
    "enclosure",
    "union",
    "zone",
]

# From the surest to the least sure; a feature is never surer than the places it is made from.
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
STATES: Final[tuple[State, ...]] = get_args(State)
SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)
QUALIFIERS: Final = (">=", "<=", "=", "~")
PERIODS: Final = ("base", "2025", "plan", "annual")


@dataclass(frozen=True, slots=True)
class Source:
    """Who says so: title, licence, datum of what it gives, when it was looked at, and where it is found."""

    id: str
    title: str
    licence: str
    datum: str
    accessed: str
    reference: str
    note: str


@dataclass(frozen=True, slots=True)
class Place:
    """
    A named point of the gazetteer.

    Parameters
    ----------
    lon, lat
        Degrees in `datum`; None while the position is not known.
    basis, sigma_m
        How the position is known, and its standard error in metres.
    outside
        Whether it is meant to lie outside the district.
    where
        File and row, for findings.
    """

    id: str
    name: str
    kind: str
    lon: float | None
    lat: float | None
    datum: str
    basis: Basis
    sigma_m: float
    source: str
    outside: bool
    note: str
    where: Row

    @property
    def is_located(self) -> bool:
        """Whether its position is known."""
        return self.lon is not None and self.lat is not None


@dataclass(frozen=True, slots=True)
class Element:
    """
    One element of the plan: what it is, and the recipe by which its geometry is made from places.

    Parameters
    ----------
    shape
        The recipe; which of the following it reads is told by the module that draws it.
    at, via, towns
        Place ids: where it stands; what it passes, in order; the town seats whose areas it joins.
    along
        Id of the element whose line it follows.
    bearing, length_m, width_m, radius_m
        Degrees clockwise from north, and metres; NaN where not given.
    basis, sigma_m
        None: as unsure as the least sure place it uses.
    where
        File and row, for findings.
    """

    id: str
    kind: str
    name: str
    shape: Shape
    at: tuple[str, ...]
    via: tuple[str, ...]
    along: str
    towns: tuple[str, ...]
    bearing: float
    length_m: float
    width_m: float
    radius_m: float
    class_: str
    rank: int
    status: Status
    basis: Basis | None
    sigma_m: float | None
    source: str
    note: str
    where: Row


@dataclass(frozen=True, slots=True)
class Statement:
    """A spatial statement of the plan, where it stands in the text, and what became of it on the map."""

    id: str
    name: str
    kind: str
    chapter: str
    section: str
    phrase: str
    target: str
    state: State
    features: tuple[str, ...]
    reason: str
    note: str
    where: Row


@dataclass(frozen=True, slots=True)
class Target:
    """A number of the plan with its unit and year; `value_max` is None unless the text gives a range."""

    id: str
    statement: str
    chapter: str
    section: str
    topic: str
    indicator: Name
    qualifier: str
    value: float
    value_max: float | None
    unit: str
    year: int
    period: str
    phrase: str
    note: str


@dataclass(frozen=True, slots=True)
class District:
    """
    The study area and the plan it stands for.

    Parameters
    ----------
    id
        Name of its folder.
    crs
        Code of the working CRS.
    outline
        Id of its outline in ``outlines.geojson``.
    plan_title, plan_period, plan_dated, plan_note
        Which plan this is, and what a reader must know about it.
    """

    id: str
    name: Name
    crs: str
    outline: str
    source: str
    plan_title: Name
    plan_period: str
    plan_dated: str
    plan_note: Name


@dataclass(frozen=True, slots=True)
class Outline:
    """An area given by its vertices: GeoJSON geometry in longitude and latitude of `datum`."""

    id: str
    name: str
    datum: str
    basis: Basis
    sigma_m: float
    source: str
    geometry: Mapping[str, object]
    where: str


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything a district's folder says, as records by id."""

    district: District
    sources: Mapping[str, Source]
    outlines: Mapping[str, Outline]
    places: Mapping[str, Place]
    elements: Mapping[str, Element]
    statements: Mapping[str, Statement]
    targets: Mapping[str, Target]
