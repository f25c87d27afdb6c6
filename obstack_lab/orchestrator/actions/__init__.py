"""What an operator can do: one small class an action, found by name in `registry`."""
