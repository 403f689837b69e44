"""Field lists of the two systems kept in a file, so that a mapping can be checked where no system can be asked, as in CI."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from connectors.contract import Field
from connectors.errors import PermanentError
from sync.settings import SIDES, Side

FieldLists = Mapping[Side, Mapping[str, Sequence[Field]]]  # side → entity → fields


def save(path: Path, lists: FieldLists) -> None:
    """Write the lists to `path` as JSON, in an order that makes changes show in a diff."""
    content = {
        side: {
            entity: [asdict(field) for field in sorted(fields, key=lambda field: field.name)]
            for entity, fields in entities.items()
        }
        for side, entities in lists.items()
    }
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> FieldLists:
    """Return the lists in `path`. Raises PermanentError when it holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {side: {entity: [_field(row) for row in rows] for entity, rows in content[side].items()} for side in SIDES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PermanentError(f"{path.name} holds no field lists ({error}); save them anew from the live systems") from error


def _field(row: dict[str, object]) -> Field:
    options = row.pop("options", None)
    return Field(**row, options=tuple(map(str, options)) if isinstance(options, list) else None)  # type: ignore[arg-type]
