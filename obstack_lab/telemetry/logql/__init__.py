"""LogQL: lexer, parser, pipeline stages, evaluator and the plan for DuckDB."""
