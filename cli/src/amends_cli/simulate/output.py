"""Where a simulation goes: to stdout as it comes, or to a file that is there whole or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from amends_cli.errors import WrongUse

_BLOCK_BYTES: Final = 1 << 20


@contextmanager
def target(file: Path | None) -> Iterator[BinaryIO]:
    """Open the output. A file appears when everything was written; when that fails, none is there.

    Raises:
        WrongUse: the file cannot be written.
    """
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    if file.exists() and not file.is_file():
        with file.open("wb") as out:  # a pipe or a device: nothing to put in its place
            yield out
        return
    part = file.with_name(f".{file.name}.part")
    try:
        file.unlink(missing_ok=True)
        with part.open("wb", buffering=_BLOCK_BYTES) as out:
            yield out
        os.replace(part, file)  # noqa: PTH105 - as os says it: atomic, over whatever stands there
    except OSError as error:
        raise WrongUse(f"{file} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
