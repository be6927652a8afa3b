"""Floor 0: the science of screening a chest CT, pure of web, database, network and torch."""
