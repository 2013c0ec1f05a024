"""A sheet's raster for a figure: the picture under the vectors, and the lines over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layers import Feature, Layer, Name, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atlas.figures.model import RasterImage
    from atlas.screening.controls import Control
    from atlas.sheets import Atlas, Sheet
    from layers import Plan
    from layers.errors import Language


@dataclass(frozen=True, slots=True)
class Surface:
    """What `compose` takes as images and as overlays; both empty for a sheet without a raster."""

    images: tuple[RasterImage, ...] = ()
    overlays: tuple[Layer, ...] = ()


def surface_of(
    plan: Plan,
    atlas: Atlas,
    sheet: Sheet,
    language: Language,
    *,
    elevation: Path | None = None,
    controls: Sequence[Control] = (),
) -> Surface:
    """
    Return a sheet's raster as a figure shows it.

    Parameters
    ----------
    plan, atlas, sheet
        What is drawn.
    language
        Of the legend.
    elevation
        Where the district's imported elevation model would be; None to do without.
    controls
        Control layers of the user, which suitability takes out.
    """
    if not sheet.raster:
        return Surface()
    # Only a sheet with a raster waits for its libraries.
    from atlas.rasters.views import Surfaces  # noqa: PLC0415

    view = Surfaces(plan, language, elevation, controls).view(atlas.rasters[sheet.raster])
    kind = replace(vocabulary().computed["surface_line"], name=Name(view.lines_title, view.lines_title))
    rows = tuple(
        Feature(
            id=f"surface-line-{number}",
            name=title,
            kind=kind.id,
            class_="",
            status="existing",
            basis="derived",
            sigma_m=view.grid.cell_m,
            source=plan.district.source,
            clauses=(),
            rank=3,
            places=(),
            towns=(),
            note="",
            geometry=shape,
        )
        for number, (title, shape) in enumerate(view.lines)
    )
    return Surface((view.figure,), (Layer(kind, plan.crs, rows),) if rows else ())
