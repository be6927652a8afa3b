"""The rows of users, sessions, pending sign-ins and API tokens."""
