"""Fair order: turns go round institutions, and within an institution round its principals."""
