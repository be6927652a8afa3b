"""Rules: which studies from the network are screened, with what priority, and where their results go."""
