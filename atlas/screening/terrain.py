"""What a slope rule asks of the terrain; who has an elevation model gives an object of this form to `screen`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


class Terrain(Protocol):
    """Slope of the ground, however it is known."""

    @property
    def resolution_m(self) -> float:
        """Size of its cells in metres; a coarse one makes slopes too gentle."""

    def share_steeper(self, geometry: BaseGeometry, degrees: float) -> float | None:
        """
        Return the share (0 to 1) of an area that is steeper than an angle.

        Parameters
        ----------
        geometry
            In the plan's working CRS; of a point or line, the cells it touches count.
        degrees
            The angle.

        Returns
        -------
        share
            None where the terrain is not known.
        """
