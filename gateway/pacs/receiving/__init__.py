"""Studies that come from the network by C-STORE and STOW-RS: received, completed, screened."""
