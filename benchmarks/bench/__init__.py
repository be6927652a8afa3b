"""`turnstile bench`: the throughput of a machine, measured in one run and shown on one page."""
