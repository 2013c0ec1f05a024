"""How far apart colours are: as most people see them, as the colour-blind see them, and in grey print.

Differences are distances in CAM02-UCS, in which about 1 is just noticeable; dichromats are simulated after Machado,
Oliveira and Fernandes (2009) at full strength; grey print keeps the lightness (CIE L*) alone.
"""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from coloraide import Color as Base
from coloraide.distance.delta_e_cam02 import DECAM02
from coloraide.spaces.cam02 import CAM02JMh
from coloraide.spaces.cam02_ucs import CAM02UCS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atlas.theme import Style
    from layers.kinds import Geometry

Sight = Literal["normal", "deutan", "protan", "grey"]

SIGHTS: Final[tuple[Sight, ...]] = get_args(Sight)
_PAPER: Final = "#ffffff"


class _Color(Base):
    """A colour with the spaces that its differences are measured in."""


_Color.register([CAM02JMh(), CAM02UCS(), DECAM02()])


@cache
def thresholds() -> Mapping[str, Any]:
    """Return the numbers the linter goes by, as ``lint.toml`` has them."""
    return tomllib.loads(Path(__file__).with_name("lint.toml").read_text("utf-8"))


@cache
def _seen(colour: str, sight: Sight) -> _Color:
    """Return a colour (six digits) as it looks to somebody; grey print is left to `difference`."""
    return _Color(colour) if sight in {"normal", "grey"} else _Color(colour).filter(sight, 1)


@cache
def difference(one: str, other: str, sight: Sight = "normal") -> float:
    """
    Return how far apart two colours are.

    Parameters
    ----------
    one, other
        As ``#rrggbb``.
    sight
        To whom: `normal`, `deutan`, `protan`, or in `grey` print.

    Returns
    -------
    difference
        A distance in CAM02-UCS; for grey a difference of CIE L*.
    """
    if sight == "grey":
        return float(abs(_Color(one).convert("lab-d65")["lightness"] - _Color(other).convert("lab-d65")["lightness"]))
    return float(_seen(one, sight).delta_e(_seen(other, sight), method="cam02", model="ucs"))


@cache
def on_paper(colour: str, opacity: float) -> str:
    """Return what a translucent colour (``#rrggbb``, opacity from 0 to 1) looks like on white paper."""
    return str(_Color.layer([_Color(colour).set("alpha", opacity), _PAPER], space="srgb").to_string(hex=True))


def inks(style: Style, geometry: Geometry) -> tuple[str, str]:
    """Return the two colours by which a style is known: of its body and of its outline; for a line both are one."""
    line = on_paper(style.get("color", _PAPER), style.get("opacity", 1.0))
    if geometry == "line":
        return line, line
    edge = line if style.get("weight", 0) else _PAPER
    if geometry == "point":
        return style.get("fill", line), edge
    return on_paper(style.get("fill", _PAPER), style.get("fill_opacity", 1.0)), edge


def look_alike(one: Style, other: Style, geometry: Geometry) -> tuple[Sight, float] | None:
    """
    Say whether two styles of the same geometry may be confused.

    Parameters
    ----------
    one, other
        As `atlas.theme.style` gives them.
    geometry
        Of both.

    Returns
    -------
    sight, difference
        Who cannot tell them apart, everybody before the one to whom they are most alike, and the difference left; None
        where all can, or where something other than colour tells them: a symbol, a pattern, a dash, another width.
    """
    rules = thresholds()["colours"]
    cues, (key, ratio) = rules[geometry]["cues"], rules[geometry]["ratio"]
    if any((one.get(cue) or None) != (other.get(cue) or None) for cue in cues):
        return None
    small, large = sorted((one.get(key, 0.0), other.get(key, 0.0)))
    if large >= ratio * small and large:
        return None
    pairs = list(zip(inks(one, geometry), inks(other, geometry), strict=True))
    apart = {sight: max(difference(first, second, sight) for first, second in pairs) for sight in SIGHTS}
    share = {sight: apart[sight] / rules["least_grey" if sight == "grey" else "least"] for sight in SIGHTS}
    worst = "normal" if share["normal"] < 1 else min(SIGHTS, key=share.__getitem__)
    return (worst, apart[worst]) if share[worst] < 1 else None


def nearest_pair(colours: Mapping[str, str], sight: Sight) -> tuple[str, str, float]:
    """Return the two names whose colours are least far apart to somebody, and how far."""
    pairs = ((difference(colours[one], colours[other], sight), one, other) for one, other in combinations(colours, 2))
    apart, one, other = min(pairs)
    return one, other, apart
