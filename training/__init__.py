"""Training with torch: data sets, networks, training stages, evaluation and the model card."""
