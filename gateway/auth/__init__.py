"""Who sends a request: API tokens, browser sessions, OpenID Connect, the local admin; and how often they may."""
