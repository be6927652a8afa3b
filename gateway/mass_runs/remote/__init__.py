"""Screens the uploads of a mass run through a remote gateway, over HTTP."""
