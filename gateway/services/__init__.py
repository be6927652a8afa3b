"""What the gateway does, told without HTTP."""
