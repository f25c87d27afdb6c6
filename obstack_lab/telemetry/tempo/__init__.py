"""The HTTP face of the span store: the API of Tempo, OTLP traces, and the tables behind them."""
