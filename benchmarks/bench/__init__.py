"""`turnstile bench`: everything that a machine carries, measured in one run and told on one page."""
