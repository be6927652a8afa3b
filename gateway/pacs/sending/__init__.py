"""Results go out: destinations, durable deliveries, C-STORE and STOW-RS, storage commitment."""
