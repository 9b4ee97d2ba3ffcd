"""The schema of a body that a route reads by itself, in one piece."""

from typing import Any

from pydantic import BaseModel


def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of a model without references, since in OpenAPI they would lead nowhere."""
    schema = kind.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, dict):
            named = part.get("$ref")
            if named is not None:
                return whole(parts[named.rpartition("/")[2]])
            return {key: whole(value) for key, value in part.items()}
        return [whole(each) for each in part] if isinstance(part, list) else part

    found = whole(schema)
    assert isinstance(found, dict)
    return found
