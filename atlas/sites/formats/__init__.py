"""One module per family of files; each turns bytes into an `atlas.sites.raw.RawFile` and knows nothing of the plan."""
