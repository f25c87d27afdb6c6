"""Measures what design budgets promise: start, memory, processor, reaction, load, queries."""
