"""The rows of users, browser sessions, pending OIDC logins and API tokens."""
