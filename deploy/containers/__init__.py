"""Builds the images that docker-compose.yml names, runs them as a stack, and looks at what they do."""
