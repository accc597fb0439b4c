"""The suites that end-to-end tests share: one per bus, started at first use, with tickets of its own for every test."""

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from tests.e2e.api import Api
from tests.e2e.suite import Suite, running_suite

_HERE = Path(__file__).parent
TIME_SCALE = 4320
"""12 h are 10 s."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_on(bus): an end-to-end claim about one bus only")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other bus where a claim is about one, and run what brings its own suite before the shared ones."""
    other = [item for item in items if (only := item.get_closest_marker("only_on")) and _bus_of(item) not in only.args]
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]
    places = [place for place, item in enumerate(items) if item.path.is_relative_to(_HERE)]
    ours = sorted((items[place] for place in places), key=lambda item: _bus_of(item) is not None)
    for place, item in zip(places, ours, strict=True):
        items[place] = item


def _bus_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("suite") if callspec else None


@pytest.fixture(scope="session", params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with running_suite(tmp_path_factory.mktemp(request.param), bus=request.param, time_scale=TIME_SCALE) as running:
        yield running


@pytest.fixture
async def api(suite: Suite) -> AsyncIterator[Api]:
    async with Api.of(suite) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, below a failure, what the suite's processes logged as errors."""
    report = yield
    running = getattr(item, "funcargs", {}).get("suite")
    if report.failed and isinstance(running, Suite):
        report.sections.append(("errors in the suite's logs", running.troubles()))
    return report
