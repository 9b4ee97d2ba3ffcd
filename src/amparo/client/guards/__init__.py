"""Upload fields under guard: one module a web framework, imported by those who use it."""
