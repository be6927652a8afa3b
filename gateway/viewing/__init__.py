"""What a radiologist looks at: series, slices, volumes and heatmaps of a scan."""
