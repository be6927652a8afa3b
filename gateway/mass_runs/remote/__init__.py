"""Uploads of a mass run, screened through a gateway elsewhere, over HTTP."""
