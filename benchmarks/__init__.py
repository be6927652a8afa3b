"""Black-box measurements over HTTP and gRPC, beside the limit of the machine."""
