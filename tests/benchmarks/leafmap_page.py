"""The peer's page, as leafmap's own documentation writes one: run by Streamlit in the peer's environment."""

import os
from pathlib import Path

import geopandas as gpd
import leafmap.foliumap as leafmap  # type: ignore[import-not-found]  # in the peer's environment alone
import streamlit as st

st.set_page_config(layout="wide")
chart = leafmap.Map()
for file in sorted(Path(os.environ["BENCHMARK_LAYERS"]).glob("*.geojson")):
    chart.add_gdf(gpd.read_file(file), layer_name=file.stem)
chart.to_streamlit(height=700)
