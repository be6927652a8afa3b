"""What a site carries: arithmetic (`capacity`), and a simulation (`site`) where arithmetic does not see queues."""
