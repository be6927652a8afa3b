"""Studies that are screened at once and stored nowhere: `POST /inference/predict`."""
