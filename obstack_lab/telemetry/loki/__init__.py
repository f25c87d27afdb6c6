"""The HTTP face of the log store: Loki's API, OTLP logs, and the tables behind them."""
