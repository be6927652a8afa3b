"""The capacity of a site: calculated (`capacity`), and simulated with queues (`site`, `one_machine`)."""
