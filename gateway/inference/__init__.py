"""The way to the networks: the port, its Triton adapter, and the gate that bounds what is in work."""
