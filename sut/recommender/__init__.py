"""A program that is no part of the shop, on the same machine: works out who may like what."""
