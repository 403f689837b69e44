"""Print the table of transforms for docs/mapping-guide.md."""

import sys

from sync.transforms import table_markdown

sys.stdout.write(table_markdown())
