"""Reading a policy's YAML strictly: a key given twice is an error, and `12:00` or `on` stay the text they look like."""

import re
from typing import Any, Final

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode

_PLAIN_TAGS = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:int"}


class _StrictLoader(yaml.SafeLoader):
    """YAML 1.1 without its traps: no sexagesimal numbers (12:00 is not 720), no on/off/yes/no, no silent last key."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise ConstructorError(None, None, f"{key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _PLAIN_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))


_A_POLICY: Final = "a policy is a mapping of sections (title, clocks, amounts, …)"


def read_yaml(text: str, wanted: str = _A_POLICY) -> dict[str, Any]:
    """Return the mapping that a policy's text holds, or another file's; `wanted` says what it should be.

    Raises:
        ValueError: not YAML, a key twice, or no mapping; the message has line and column.
    """
    try:
        raw = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
    except yaml.YAMLError as error:
        raise ValueError(_told(error)) from None
    if not isinstance(raw, dict):
        raise ValueError(wanted)  # noqa: TRY004
    return raw


def _told(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
