"""Every worked example comes out as written, from the command that its README shows."""

import json
from pathlib import Path

import pytest
from tests.simulate.examples import FOLDER, Example, examples

from amends_cli.main import main


def simulated(example: Example, capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", str(example.input), *example.options])
    assert not ended.value.code
    return capfdbinary.readouterr().out


@pytest.mark.parametrize("example", examples(), ids=lambda it: it.name)
def test_a_worked_example_comes_out_as_written(
    example: Example, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)  # a policy beside the example is named relative to it
    written = simulated(example, capfdbinary)
    expected = example.expected.read_bytes()
    if b'"specversion"' in expected:
        assert written.decode().splitlines() == expected.decode().splitlines()
        assert written == expected
        return
    wanted = [json.loads(line) for line in expected.splitlines()]
    assert [shown(json.loads(line), to) for line, to in zip(written.splitlines(), wanted, strict=True)] == wanted


def shown(said: dict, wanted: dict) -> dict:
    """What is written, cut down to the fields that the example shows."""
    data = {name: said["data"].get(name) for name in wanted["data"]}
    return {name: said[name] for name in ("time", "type", "subject")} | {"data": data}


def test_every_stream_in_the_folder_stands_in_its_index() -> None:
    indexed = {example.name for example in examples()}
    assert indexed == {path.name.removesuffix(".input.jsonl") for path in Path(FOLDER).glob("*.input.jsonl")}
