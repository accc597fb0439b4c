from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.suite import Suite


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    made = Suite(tmp_path)
    yield made
    made.end()
