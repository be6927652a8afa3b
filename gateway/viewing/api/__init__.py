"""The HTTP calls that show a scan: series, slices, volumes, heatmaps, thumbnails."""
