"""Coordinates and amounts of money as people write them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from atlas.sites.raw import step_of
from atlas.sites.vocabulary import plain, vocabulary

# Signs for degrees, minutes and seconds that the usual folding of full-width letters would turn into something else.
_SIGNS: Final = str.maketrans(
    {"º": "°", "˚": "°", "度": "°", "′": "'", "’": "'", "‘": "'", "ˊ": "'", "分": "'"}
    | {"″": '"', "”": '"', "“": '"', "〞": '"', "秒": '"', "，": ",", "；": ";", "－": "-"},
)
_SIDES: Final = (("东经", "E"), ("西经", "W"), ("北纬", "N"), ("南纬", "S"), ("经度", "E"), ("纬度", "N"))
_HEMISPHERE: Final = re.compile(r"[EWNS](?![A-Z])", re.IGNORECASE)
_LABEL: Final = re.compile(r"[EWNSXY](?![A-Z])\s*[:=]?", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?")
_NUMBER: Final = r"\d+(?:\.\d+)?"
_ANGLE: Final = re.compile(
    rf"(?P<sign>-?)(?P<d>\d{{1,3}})(?P<mark>[°\-: ])\s*(?:(?P<m>{_NUMBER})\s*(?:['\-: ]\s*)?"
    rf"(?:(?P<s>{_NUMBER})\s*(?:\"|'')?)?)?"
)
_SIXTY: Final = 60
# One number of a text that holds several: an angle in degrees, minutes and seconds, or a decimal.
_SIDE: Final = r"(?:[EWNSXY][\s:=]*)*"
_PIECE: Final = re.compile(
    rf"""{_SIDE}{_NUMBER}\s*°\s*(?:{_NUMBER}\s*')?(?:\s*{_NUMBER}\s*(?:"|''))?(?:[EWNS](?!\d))?"""
    rf"""|{_SIDE}[-+]?{_NUMBER}(?:[EWNS](?!\d))?(?![0-9.])""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """
    One number of a coordinate.

    Parameters
    ----------
    value
        Degrees or metres (or whatever the file counts in).
    step
        The weight of its last digit, in the same unit.
    is_lat
        Whether it says to be a latitude; None if it says nothing.
    """

    value: float
    step: float
    is_lat: bool | None = None


def folded(text: str) -> str:
    """Return text with one spelling for every sign of an angle, and a letter for every side."""
    for word, letter in _SIDES:
        text = text.replace(word, letter)
    return plain(text.translate(_SIGNS)).translate(_SIGNS)


def parse_coordinate(text: str) -> Written | None:
    """
    Read one number of a coordinate: decimal, in degrees, minutes and seconds, with or without a letter for its side.

    Returns
    -------
    written
        None if it is no finite number.
    """
    clean = folded(text)
    exact = clean.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", clean) else clean
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", exact, re.IGNORECASE):
        value = float(exact)
        return Written(value, step_of(exact)) if math.isfinite(value) else None
    sides = [side.upper() for side in _HEMISPHERE.findall(clean)]
    is_lat = any(side in {"N", "S"} for side in sides) if sides else None
    sign = -1.0 if any(side in {"W", "S"} for side in sides) else 1.0
    body = _LABEL.sub("", clean).strip()
    if match := _DECIMAL.fullmatch(body.rstrip("°").strip()):
        digits = match[0].replace(",", "")
        return Written(sign * float(digits), step_of(digits), is_lat)
    return _angle(body, sign, is_lat)


def _angle(body: str, sign: float, is_lat: bool | None) -> Written | None:  # noqa: FBT001 - three-valued
    match = _ANGLE.fullmatch(body)
    if not match or match["m"] is None:
        return None
    degrees, minutes, seconds = float(match["d"]), float(match["m"]), float(match["s"] or 0)
    if minutes >= _SIXTY or seconds >= _SIXTY or ("." in match["m"] and match["s"]):
        return None
    step = step_of(match["s"]) / 3600 if match["s"] else step_of(match["m"]) / 60
    value = degrees + minutes / 60 + seconds / 3600
    return Written(-value if match["sign"] else sign * value, step, is_lat)


def parse_pairs(text: str) -> list[tuple[Written, Written]] | None:
    """
    Read one or more positions from one cell: "104.25,30.50", "N31°51′ E106°45′", "x1,y1;x2,y2;…".

    Returns
    -------
    pairs
        In the order they are written; None if the text is anything else.
    """
    clean = folded(text).strip("()[]{} ")
    pieces = _PIECE.findall(clean)
    rest = re.sub(r"[\s,;、|/()\[\]{}。]", "", _PIECE.sub("", clean))
    if rest or len(pieces) < 2 or len(pieces) % 2:  # noqa: PLR2004 - a position has two numbers
        return None
    numbers = [parse_coordinate(piece) for piece in pieces]
    if any(number is None for number in numbers):
        return None
    read = [number for number in numbers if number]
    return list(zip(read[::2], read[1::2], strict=True))


def parse_money(text: str, unit: float) -> float:
    """
    Return an amount in 万元; NaN where none is given or readable.

    Parameters
    ----------
    text
        A cell: "86000", "4.0亿元", "58,600", "—".
    unit
        What a bare number is counted in, in 万元.
    """
    clean = plain(text).replace(",", "").replace(" ", "")
    match = re.fullmatch(r"(?:约|约为|[¥¥])?(-?\d+(?:\.\d+)?)(\D*)", clean)
    if not match:
        return math.nan
    factor = money_unit(match[2]) if match[2] else unit
    return float(match[1]) * factor if factor else math.nan


def money_unit(text: str) -> float:
    """Return what the unit of money named in a text is worth in 万元; 0 if it names none."""
    clean = plain(text)
    return next((worth for word, worth in vocabulary()["money"].items() if word in clean), 0.0)
