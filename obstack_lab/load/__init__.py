"""Open-loop virtual users: arrival patterns, journeys, the ledger of every intended request."""
