"""One version on disk: naming, manifest, atomic store, safe loading."""
