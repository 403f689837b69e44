"""Local servers that behave like the real systems, with faults on demand: for demo, tests and rehearsals."""
