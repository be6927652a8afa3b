"""The page in a real Chromium, before a real gateway with a real Triton and a real PostgreSQL."""
