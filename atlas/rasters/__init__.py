"""The raster side: travel time, terrain from an imported elevation model, zonal statistics, reservoirs, suitability."""
