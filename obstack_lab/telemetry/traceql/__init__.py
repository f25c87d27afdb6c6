"""TraceQL: a lexer, a parser with positions, a type check and an evaluator over traces."""
