"""The door of the app: `python -m atlas serve` has Streamlit run this script. Everything else is in `atlas/`."""

from atlas.ui import open_app

open_app()
