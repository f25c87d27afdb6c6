"""The system under test: a small web shop of three services on PostgreSQL.

`python -m sut SERVICE --release R --port P` runs one service; `sut.parent` forks them cheaply,
`sut.seed` loads the data set, `sut.edge` is the network between them.
"""
