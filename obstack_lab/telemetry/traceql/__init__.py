"""TraceQL: a lexer, a parser with positions, a type check, a planner and an evaluator over traces."""
