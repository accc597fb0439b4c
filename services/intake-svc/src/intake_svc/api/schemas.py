"""Request bodies in the OpenAPI document. They are read by hand, so that every error is said at once, and told here."""

from collections.abc import Iterable
from typing import Any

from amends.events.data import EventData


def body_of(model: type[EventData], *, without: Iterable[str] = ()) -> dict[str, Any]:
    """Return the `openapi_extra` of a path that takes this model as JSON, some fields left out."""
    written = model.model_json_schema()
    schema = _inlined(written, written.get("$defs", {}))
    for name in without:
        schema.get("properties", {}).pop(name, None)
    required = bool(schema.get("required"))
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": _closed(schema)}}}}


def batch_body(model: type[EventData], most: int) -> dict[str, Any]:
    """Return the `openapi_extra` of the path that takes many of them."""
    one = body_of(model)["requestBody"]["content"]["application/json"]["schema"]
    items = {"type": "array", "items": one, "maxItems": most}
    schema = _closed({"type": "object", "properties": {"items": items}, "required": ["items"]})
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "kind": {"type": "string", "description": "photo, chat_screenshot, video, document, …"},
                    },
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Say that unknown fields are refused, in every object whose fields are listed."""
    if "properties" in schema:
        schema["additionalProperties"] = False
    for value in schema.values():
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, dict):
                _closed(node)
    return schema


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """Write definitions where they are used: a reference would point outside of the OpenAPI document."""
    if isinstance(node, list):
        return [_inlined(value, definitions) for value in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    return {name: _inlined(value, definitions) for name, value in node.items() if name != "$defs"}
