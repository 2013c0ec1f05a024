"""The parts of the project page: what one window holds of its sites, and the panels that show it."""
