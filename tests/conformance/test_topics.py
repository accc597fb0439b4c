"""Topics are made once, and never changed."""

from tests.conformance.steps import numbers, send

from amends.bus.port import TopicSpec
from amends.bus.topics import suite_topics


async def test_applying_twice_makes_each_topic_once(bus, another_bus):
    name = f"conformance.{next(numbers)}"
    specs = [TopicSpec(name, 3, 3600), TopicSpec(f"{name}.dlq.sla", 1, None)]
    assert sorted(await bus.apply_topics(specs)) == [name, f"{name}.dlq.sla"]
    assert await another_bus.apply_topics(specs) == []
    topics = await bus.topics()
    assert (topics[name], topics[f"{name}.dlq.sla"]) == (3, 1)


async def test_an_existing_topic_keeps_its_partitions_and_records(bus, topic):
    await send(bus, topic, ["1"])
    assert await bus.apply_topics([TopicSpec(topic, 12, 1)]) == []
    assert (await bus.topics())[topic] == 6
    assert sum((await bus.end_offsets(topic)).values()) == 1


async def test_the_suites_topics_can_be_made(bus):
    specs = suite_topics()
    await bus.apply_topics(specs)
    topics = await bus.topics()
    assert {spec.name: spec.partitions for spec in specs}.items() <= topics.items()
