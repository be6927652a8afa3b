"""Floor 2: the service; HTTP and the command line around the screening of studies."""
