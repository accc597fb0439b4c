"""From YAML to a policy that may be published: everything that is wrong with it is said at once, each with its row."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from amends.policy.check import check, without_gaps
from amends.policy.findings import Finding
from amends.policy.model import Policy
from amends.policy.packs import pack_text, spelled_out
from amends.policy.seed import seeded
from amends.policy.text import read_yaml

_ROW_SECTIONS = ("clocks", "case_types", "complaint_codes", "messages", "revisits")
_LEAVES = ("clocks", "complaint_codes", "messages", "revisits")
"""Sections whose rows no other section names: the rest can be checked without a broken one."""
_SAID = {"extra_forbidden": "unknown name", "missing": "is missing"}


class PolicyError(ValueError):
    """A policy that is refused. `findings` are all of them; the message has one line for each."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


def load(source: str | Mapping[str, Any]) -> Policy:
    """Return the policy that a YAML text, or a mapping read from one, describes: checked, its calendars filled in.

    It is whole, or says `extends: default` and how it differs (`amends.policy.packs.spelled_out`). An unconfirmed year
    does not refuse: ask `amends.policy.check.warnings`.

    Raises:
        PolicyError: with every finding.
    """
    try:
        raw = spelled_out(read_yaml(source) if isinstance(source, str) else source)
    except ValueError as error:
        raise PolicyError((Finding("policy", str(error)),)) from None
    try:
        policy = _with_holidays(Policy.model_validate(raw))
    except ValidationError as error:
        raise PolicyError((*_unreadable(raw, error), *_findings_of_the_rest(raw, error))) from None
    if findings := check(policy):
        raise PolicyError(findings)
    return policy


@cache
def default_policy() -> Policy:
    """Return the policy that ships with the package."""
    return pack("default")


@cache
def pack(name: str) -> Policy:
    """Return a pack that ships with the package. KeyError: there is none of that name (`amends.policy.packs.PACKS`)."""
    return load(pack_text(name))


def default_text() -> str:
    """Return the YAML of the policy that a new tenant starts with."""
    return pack_text("default")


def _with_holidays(policy: Policy) -> Policy:
    return policy.with_calendars({name: seeded(row) for name, row in policy.calendars.items()})


def _unreadable(raw: Mapping[str, Any], error: ValidationError) -> tuple[Finding, ...]:
    found = []
    for problem in error.errors(include_url=False, include_context=False):
        row, rest = _row_of(raw, problem["loc"])
        field = ".".join(str(part) for part in rest)
        message = _SAID.get(problem["type"], problem["msg"])
        found.append(Finding(row, f"{field}: {message}" if field else message))
    return tuple(found)


def _row_of(raw: Mapping[str, Any], loc: tuple[int | str, ...]) -> tuple[str, tuple[int | str, ...]]:
    """Name the row that an error lies in, and return what is left of the error's place."""
    section = str(loc[0]) if loc else "policy"
    if section not in _ROW_SECTIONS or len(loc) < 2:  # noqa: PLR2004 - a section and a position
        return section, loc[1:]
    position = int(loc[1])
    row = raw[section][position]
    names = [str(row[key]) for key in ("id", "template", "clock") if key in row] if isinstance(row, Mapping) else []
    return f"{section} {'/'.join(names) or f'number {position + 1}'}", loc[2:]


def _findings_of_the_rest(raw: Mapping[str, Any], error: ValidationError) -> tuple[Finding, ...]:
    """Check the rows that could be read, without asking for what the unreadable ones may have covered."""
    bad = {problem["loc"][:2] for problem in error.errors(include_url=False, include_context=False)}
    kept = dict(raw)
    for section in _LEAVES:
        if isinstance(rows := raw.get(section), list):
            kept[section] = [row for position, row in enumerate(rows) if (section, position) not in bad]
    try:
        policy = _with_holidays(Policy.model_validate(kept))
    except ValidationError:
        return ()
    return without_gaps(policy)
