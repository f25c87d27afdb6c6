"""The sandbox: a run in which nothing happens by itself, and whoever holds it breaks things."""
