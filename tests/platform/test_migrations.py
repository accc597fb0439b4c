"""A start looks at the files' names to know whether its database is up to date: alembic must read them the same way."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from amends.migrations import newest

SCRIPTS = sorted(Path(__file__).parents[2].glob("services/*/migrations"))


@pytest.mark.parametrize("scripts", SCRIPTS, ids=lambda path: path.parent.name)
def test_the_newest_file_is_alembics_only_head(scripts: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts))

    assert ScriptDirectory.from_config(config).get_heads() == [newest(scripts)]
