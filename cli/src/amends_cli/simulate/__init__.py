"""`amends simulate`: the live services' own decisions, run on virtual time (CONTRACT §4)."""
