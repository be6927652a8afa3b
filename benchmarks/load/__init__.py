"""Load over HTTP by Locust: kinds of users (`scenarios`) and their number over time (`load_shape`)."""
