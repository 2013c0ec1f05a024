"""
QGIS's side of the figures: an atlas of A3 pages from the same layers, run by the Python that has PyQGIS.

It is given a job (a JSON file) and prints what it measured as JSON. The page has what ours has: title, map in a frame,
legend of the page's layers, scale bar and 1:N, north arrow, grid with degrees, locator, notes.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemMapGrid,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutObject,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLineSymbol,
    QgsMapThemeCollection,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsPrintLayout,
    QgsProject,
    QgsProperty,
    QgsRectangle,
    QgsRenderContext,
    QgsRendererCategory,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QVariant
from qgis.PyQt.QtGui import QColor, QFont

MM = QgsUnitTypes.LayoutMillimeters
PAGE = (420.0, 297.0)
MAP = (15.0, 25.0, 300.0, 257.0)


def symbol(style: dict[str, Any], geometry: str) -> Any:  # noqa: ANN401 - PyQGIS has no types
    """Return a symbol for a row of our legend."""
    color = QColor(style.get("color", "#555555"))
    fill = QColor(style.get("fill", "#ffffff"))
    fill.setAlphaF(float(style.get("fill_opacity", 1)))
    width = str(style.get("weight", 1) * 0.26)
    dash = "dash" if style.get("dash") else "solid"
    if geometry == "point":
        size = str(style.get("size", 10) * 0.26)
        return QgsMarkerSymbol.createSimple(
            {
                "name": "circle",
                "color": fill.name(),
                "outline_color": color.name(),
                "outline_width": width,
                "size": size,
            }
        )
    if geometry == "line":
        made = QgsLineSymbol.createSimple({"line_color": color.name(), "line_width": width, "line_style": dash})
        made.setOpacity(float(style.get("opacity", 1)))
        return made
    made = QgsFillSymbol.createSimple({"outline_color": color.name(), "outline_width": width, "outline_style": dash})
    made.setColor(fill)
    return made


def layer_of(job: dict[str, Any], wanted: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return a styled, labelled layer."""
    layer = QgsVectorLayer(f"{job['gpkg']}|layername={wanted['table']}", wanted["title"], "ogr")
    if not layer.isValid():
        message = f"QGIS cannot open {wanted['table']}"
        raise RuntimeError(message)
    rows = [
        QgsRendererCategory(number, symbol(row["style"], row["geometry"]), row["title"])
        for number, row in enumerate(wanted["rows"])
    ]
    layer.setRenderer(QgsCategorizedSymbolRenderer("row", rows))
    label = wanted.get("label")
    if label:
        text = QgsTextFormat()
        text.setFont(QFont(job["font"]))
        text.setSize(max(6.0, label.get("size", 12) * 0.26 / 0.3528))
        text.setColor(QColor(label.get("color", "#222222")))
        rim = QgsTextBufferSettings()
        rim.setEnabled(True)
        rim.setSize(0.4)
        text.setBuffer(rim)
        settings = QgsPalLayerSettings()
        settings.fieldName = "name"
        settings.setFormat(text)
        if wanted["rows"][0]["geometry"] == "line":
            settings.placement = QgsPalLayerSettings.Curved
        layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
        layer.setLabelsEnabled(True)
    return layer


def sheets_layer(job: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return the layer that the atlas walks over: one area per sheet."""
    layer = QgsVectorLayer(f"Polygon?crs={job['crs']}", "sheets", "memory")
    provider = layer.dataProvider()
    provider.addAttributes([QgsField("sheet", QVariant.String), QgsField("title", QVariant.String)])
    layer.updateFields()
    for sheet in job["sheets"]:
        feature = QgsFeature(layer.fields())
        feature.setAttributes([sheet["id"], sheet["title"]])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(*sheet["extent"])))
        provider.addFeature(feature)
    layer.updateExtents()
    return layer


def words(layout: Any, job: dict[str, Any], text: str, at: tuple[float, float, float, float], size: float) -> Any:  # noqa: ANN401
    """Put a text on the page."""
    item = QgsLayoutItemLabel(layout)
    item.setText(text)
    font = QFont(job["font"])
    font.setPointSizeF(size)
    item.setFont(font)
    place(layout, item, at)
    return item


def place(layout: Any, item: Any, at: tuple[float, float, float, float]) -> None:  # noqa: ANN401
    """Put an item on the page, mm."""
    layout.addLayoutItem(item)
    item.attemptMove(QgsLayoutPoint(at[0], at[1], MM))
    item.attemptResize(QgsLayoutSize(at[2], at[3], MM))


def page(project: Any, job: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return the layout with its atlas."""
    layers = {wanted["table"]: layer_of(job, wanted) for wanted in job["layers"]}
    sheets = sheets_layer(job)
    root = project.layerTreeRoot()
    for layer in layers.values():
        project.addMapLayer(layer, False)  # noqa: FBT003 - Qt's way
        root.insertLayer(0, layer)
    project.addMapLayer(sheets, False)  # noqa: FBT003
    for sheet in job["sheets"]:
        record = QgsMapThemeCollection.MapThemeRecord()
        record.setLayerRecords([QgsMapThemeCollection.MapThemeLayerRecord(layers[table]) for table in sheet["layers"]])
        project.mapThemeCollection().insert(sheet["id"], record)

    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.pageCollection().page(0).setPageSize("A3", QgsLayoutItemPage.Landscape)
    map_ = QgsLayoutItemMap(layout)
    place(layout, map_, MAP)
    map_.setFrameEnabled(True)
    map_.setFollowVisibilityPreset(True)
    theme = QgsProperty.fromExpression('"sheet"')
    map_.dataDefinedProperties().setProperty(QgsLayoutObject.MapStylePreset, theme)
    map_.zoomToExtent(QgsRectangle(*job["sheets"][0]["extent"]))
    map_.setAtlasDriven(True)
    map_.setAtlasScalingMode(QgsLayoutItemMap.Auto)
    map_.setId("map")
    grid = QgsLayoutItemMapGrid("degrees", map_)
    grid.setCrs(job_crs("EPSG:4490"))
    grid.setIntervalX(0.1)
    grid.setIntervalY(0.1)
    grid.setAnnotationEnabled(True)
    map_.grids().addGrid(grid)

    furniture(layout, map_, layers, job)
    atlas = layout.atlas()
    atlas.setCoverageLayer(sheets)
    atlas.setEnabled(True)
    atlas.setFilenameExpression("'page_' || @atlas_featurenumber")
    return layout


def furniture(layout: Any, map_: Any, layers: dict[str, Any], job: dict[str, Any]) -> None:  # noqa: ANN401
    """Put everything beside the map on the page."""
    words(layout, job, '[% "title" %]', (15, 8, 300, 14), 24)
    legend = QgsLayoutItemLegend(layout)
    legend.setLinkedMap(map_)
    legend.setLegendFilterByMapEnabled(True)
    place(layout, legend, (320, 80, 85, 120))
    bar = QgsLayoutItemScaleBar(layout)
    bar.setLinkedMap(map_)
    bar.setStyle("Single Box")
    bar.applyDefaultSize(QgsUnitTypes.DistanceKilometers)
    place(layout, bar, (320, 215, 80, 14))
    scale = "1:[% round(item_variables('map')['map_scale']) %]"
    words(layout, job, scale, (320, 230, 80, 8), 10)
    arrow = QgsLayoutItemPicture(layout)
    arrow.setPicturePath(job["arrow"])
    arrow.setLinkedMap(map_)
    place(layout, arrow, (290, 30, 18, 22))
    locator = QgsLayoutItemMap(layout)
    place(layout, locator, (320, 25, 80, 50))
    locator.setLayers([layers[table] for table in job["locator"]])
    locator.setKeepLayerSet(True)
    locator.zoomToExtent(QgsRectangle(*job["sheets"][0]["extent"]))
    for number, note in enumerate(job["notes"]):
        words(layout, job, note, (320, 240 + 6 * number, 85, 6), 7)


def job_crs(code: str) -> Any:  # noqa: ANN401
    """Return a coordinate system."""
    from qgis.core import QgsCoordinateReferenceSystem  # noqa: PLC0415 - only here

    return QgsCoordinateReferenceSystem(code)


def main(file: str) -> None:
    """Do the job in a file and print the seconds it took."""
    job = json.loads(Path(file).read_text("utf-8"))
    start = time.perf_counter()
    QgsApplication.setPrefixPath(job["prefix"], True)  # noqa: FBT003
    application = QgsApplication([], False)  # noqa: FBT003
    application.initQgis()
    project = QgsProject.instance()
    project.setCrs(job_crs(job["crs"]))
    project.layerTreeRoot().setHasCustomLayerOrder(False)
    layout = page(project, job)
    ready = time.perf_counter()
    if job["format"] == "png":
        settings = QgsLayoutExporter.ImageExportSettings()
        settings.dpi = job["dpi"]
        result, error = QgsLayoutExporter.exportToImage(layout.atlas(), job["out"] + "/page", "png", settings)
    else:
        settings = QgsLayoutExporter.PdfExportSettings()
        settings.textRenderFormat = QgsRenderContext.TextFormatAlwaysText
        result, error = QgsLayoutExporter.exportToPdf(layout.atlas(), job["out"], settings)
    done = time.perf_counter()
    if result != QgsLayoutExporter.Success:
        message = f"QGIS could not export: {result} {error}"
        raise RuntimeError(message)
    print(json.dumps({"ready_s": ready - start, "export_s": done - ready, "pages": len(job["sheets"])}))
    sys.stdout.flush()
    # Leaving in order takes QGIS longer than its work does, and crashes some versions.
    import os  # noqa: PLC0415

    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
