"""A SOQL engine over records in memory: words, tree, conditions, rows."""
