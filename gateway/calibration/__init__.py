"""Calibration on a site's own studies: they are scored as served, and become a model card of the site."""
