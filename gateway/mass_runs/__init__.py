"""Mass runs: thousands of uploads, screened here, through a remote gateway, or by the durable queue."""
