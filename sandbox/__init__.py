"""Local servers that behave like the real systems, with faults on demand: for the demo, the tests and your rehearsals."""
