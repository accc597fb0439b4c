"""The supervisor against children that live in memory and a clock that is turned by hand."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from amends_cli.local.process import ServerFailed
from amends_cli.suite.supervisor import GIVE_UP_AFTER, Supervisor


@dataclass
class FakeChild:
    name: str
    log: list[str]
    running: bool = True
    refuses: bool = False
    starts: int = 0
    pid: int | None = 1

    def start(self) -> None:
        self.starts += 1
        if self.refuses:
            raise ServerFailed("no")
        self.running = True

    def alive(self) -> bool:
        return self.running

    def ask_to_stop(self) -> None:
        self.log.append(f"ask {self.name}")

    def stop(self) -> None:
        self.log.append(f"stopped {self.name}")
        self.running = False

    def kill(self) -> None:
        self.running = False

    def failure(self, what: str) -> ServerFailed:
        return ServerFailed(f"{self.name} {what}")


@dataclass
class Room:
    now_s: float = 0.0
    said: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.said.append, lambda: self.now_s)

    def child(self, name: str) -> FakeChild:
        child = FakeChild(name, self.log)
        self.supervisor.keep(child)
        return child


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_killed_child_is_started_again_in_the_same_round(room: Room) -> None:
    child = room.child("sla")
    room.now_s = 100.0
    child.kill()

    room.supervisor.check()

    assert child.starts == 1
    assert room.said == ["sla ended; starting it again"]


def test_a_child_that_ends_at_once_is_given_ever_longer_pauses(room: Room) -> None:
    child = room.child("sla")
    child.kill()
    room.supervisor.check()
    child.kill()
    room.supervisor.check()
    assert child.starts == 1  # the second end waits half a second

    room.now_s = 0.5
    room.supervisor.check()
    assert child.starts == 2


def test_a_child_that_does_not_start_is_tried_again_for_ever(room: Room) -> None:
    child = room.child("postgres")
    child.refuses = True
    child.kill()
    for second in range(100):
        room.now_s = float(second)
        room.supervisor.check()
    assert child.starts > 10

    child.refuses = False
    room.now_s = 200.0
    room.supervisor.check()
    assert child.alive()


def test_a_child_that_keeps_ending_while_the_suite_starts_ends_the_start_with_its_name(room: Room) -> None:
    child = room.child("notify")

    def fall_over() -> None:
        child.kill()
        room.supervisor.check(patient=False)
        room.now_s += 10.0

    with pytest.raises(ServerFailed, match=f"notify ended {GIVE_UP_AFTER} times in a row"):
        for _ in range(3 * GIVE_UP_AFTER):
            fall_over()


def test_named_groups_stop_first_and_together_the_rest_in_reverse(room: Room) -> None:
    for name in ("kafka", "postgres", "sandbox", "intake", "sla"):
        room.child(name)

    room.supervisor.stop(order=[["intake", "sla"], ["sandbox"]])

    assert room.log == [
        *("ask intake", "ask sla", "stopped intake", "stopped sla"),
        *("ask sandbox", "stopped sandbox", "ask postgres", "stopped postgres", "ask kafka", "stopped kafka"),
    ]


def test_only_running_children_have_a_process_id(room: Room) -> None:
    room.child("sla")
    room.child("notify").kill()

    assert room.supervisor.pids() == {"sla": 1}


def test_a_failure_holds_the_end_of_the_log_and_where_the_rest_is(tmp_path: Path) -> None:
    from amends_cli.local.process import ChildProcess

    log = tmp_path / "sla.log"
    log.write_text("a line\nthe cause\n", encoding="utf-8")

    message = str(ChildProcess("sla", log).failure("ended."))

    assert message == f"sla ended.\na line\nthe cause\nThe whole log: {log}"
