"""The exporter: what PostgreSQL, the machine and every process of the lab do, for Prometheus."""
