"""A program that is no part of the shop, on the same machine: it computes, and nothing else."""
