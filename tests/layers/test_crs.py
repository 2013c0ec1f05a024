"""Datums and coordinate systems: what goes there comes back, and what cannot be trusted is refused."""

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.crs import DATUMS, from_wgs84, is_refused, project, to_wgs84, working_crs
from tests.strategies import CHINA_POINTS, FOREIGN_POINTS, ZONE_LAT, ZONE_LON

GEOD = pyproj.Geod(ellps="WGS84")
SHIFTED = ("gcj02", "bd09")


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(GEOD.inv(*a, *b)[2])


@given(point=CHINA_POINTS, datum=st.sampled_from(SHIFTED))
def test_a_shift_is_undone_to_a_millimetre(point: tuple[float, float], datum: str) -> None:
    """WGS84 → GCJ-02 or BD-09 → WGS84 returns to the same spot, anywhere in China."""
    there = from_wgs84(*point, datum)
    lon, lat = to_wgs84(*there, datum)
    assert metres_between(point, (float(lon), float(lat))) <= 1e-3


@given(point=CHINA_POINTS, datum=st.sampled_from(SHIFTED))
def test_an_unshift_is_redone_to_a_millimetre(point: tuple[float, float], datum: str) -> None:
    """The other way round too: what a Chinese map service says is what it is told again."""
    back = to_wgs84(*point, datum)
    lon, lat = from_wgs84(*back, datum)
    assert metres_between(point, (float(lon), float(lat))) <= 1e-3


@given(point=FOREIGN_POINTS)
def test_gcj02_leaves_other_countries_alone(point: tuple[float, float]) -> None:
    for convert in (from_wgs84, to_wgs84):
        lon, lat = convert(*point, "gcj02")
        assert (float(lon), float(lat)) == point


@given(point=CHINA_POINTS, datum=st.sampled_from(["wgs84", "cgcs2000"]))
def test_wgs84_and_cgcs2000_are_one(point: tuple[float, float], datum: str) -> None:
    """They differ by centimetres, which no layer here resolves."""
    assert tuple(map(float, to_wgs84(*point, datum))) == point
    assert tuple(map(float, from_wgs84(*point, datum))) == point


@given(lon=st.floats(106.70, 106.80), lat=st.floats(31.81, 31.91))
def test_the_shift_here_is_as_measured(lon: float, lat: float) -> None:
    """GCJ-02 lies 449–488 m to the south-east (118–123°), BD-09 1,076–1,135 m away."""
    shifted_lon, shifted_lat = from_wgs84(lon, lat, "gcj02")
    bearing, _, far = GEOD.inv(lon, lat, float(shifted_lon), float(shifted_lat))
    assert 449 <= far <= 488
    assert 118 <= bearing <= 123
    assert 1076 <= metres_between((lon, lat), tuple(map(float, from_wgs84(lon, lat, "bd09")))) <= 1135  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "easting", "northing"),
    [("EPSG:4545", 381_700.263, 3_527_009.677), ("EPSG:4544", 665_625.260, 3_527_663.824)],
)
def test_a_known_point_projects_to_its_known_metres(code: str, easting: float, northing: float) -> None:
    """Easting first and northing second, whatever order the CRS declares."""
    east, north = project(106.75, 31.86, working_crs(code))
    assert float(east) == pytest.approx(easting, abs=1e-3)
    assert float(north) == pytest.approx(northing, abs=1e-3)


@given(off=ZONE_LON, lat=ZONE_LAT, zone=st.sampled_from([(4545, 108), (4544, 105), (4549, 120)]))
def test_a_projection_is_undone_to_a_millimetre(off: float, lat: float, zone: tuple[int, int]) -> None:
    crs, lon = working_crs(f"EPSG:{zone[0]}"), zone[1] + off
    back = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    east, north = project(lon, lat, crs)
    assert metres_between((lon, lat), back.transform(float(east), float(north))) <= 1e-3


@given(points=st.lists(CHINA_POINTS, min_size=1, max_size=5), datum=st.sampled_from(DATUMS))
def test_many_points_convert_as_each_alone(points: list[tuple[float, float]], datum: str) -> None:
    """A table is converted at once, to the same numbers as row by row."""
    lon, lat = np.array(points).T
    together = np.column_stack(to_wgs84(lon, lat, datum))
    alone = [tuple(map(float, to_wgs84(*point, datum))) for point in points]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("datum", ["xian80", "beijing54", "wgs48", "GCJ02", "gcj-02"])
def test_an_unknown_datum_is_never_guessed(datum: str) -> None:
    for convert in (from_wgs84, to_wgs84):
        with pytest.raises(ValueError, match=datum):
            convert(106.75, 31.86, datum)


@pytest.mark.parametrize("code", ["EPSG:2360", "EPSG:2432", "EPSG:4610", "EPSG:4214", "EPSG:2327", "EPSG:21418"])
def test_xian_1980_and_beijing_1954_are_refused(code: str) -> None:
    """PROJ would shift them by nothing, or by another region's parameters, without a word."""
    assert is_refused(pyproj.CRS(code))
    with pytest.raises(ValueError, match="refused"):
        working_crs(code)


@pytest.mark.parametrize("code", ["EPSG:4490", "EPSG:4326", "EPSG:2229", "EPSG:0", "", "nonsense", "EPSG:4978"])
def test_a_working_crs_is_projected_and_in_metres(code: str) -> None:
    with pytest.raises(ValueError, match=r"unknown|projected|metres"):
        working_crs(code)


@pytest.mark.parametrize("code", ["EPSG:4545", "EPSG:4544", "EPSG:4523", "EPSG:4524", "EPSG:4549", "EPSG:32648"])
def test_zones_of_cgcs2000_are_accepted(code: str) -> None:
    """106.5 E is the edge of a zone: the neighbouring zones, with and without zone number, must read too."""
    assert not is_refused(working_crs(code))
