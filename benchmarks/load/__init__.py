"""Load over HTTP by Locust: who comes (`scenarios`) and how many of them (`stages`)."""
