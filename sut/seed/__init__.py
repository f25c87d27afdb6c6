"""The data set of the shop: `python -m sut.seed` with `DATABASE_URL`."""
