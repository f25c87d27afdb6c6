"""The embedded telemetry store: OTLP in, the HTTP APIs of Loki and Tempo out, on DuckDB."""
