"""The server below the application: connections, request heads, refusals before any route is known."""
