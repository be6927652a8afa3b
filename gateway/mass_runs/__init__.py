"""Mass runs: thousands of uploads, screened by this process, a remote gateway, or the durable queue."""
