"""The worker: does what orders left to be done later."""
