"""What the bus decides without a server: who reads what, which partition, how much at once, and what counts as an answer."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.structs import RecordMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from amends.bus.connect import connect
from amends.bus.kafka.bus import KafkaBus
from amends.bus.kafka.clients import Clients, servers, ssl_context
from amends.bus.kafka.cluster import from_millis, to_millis, topic_configs
from amends.bus.kafka.producer import KafkaSender
from amends.bus.kafka.quiet import Calm
from amends.bus.port import Ack, BusError, Message, TopicSpec, size_of
from amends.bus.postgres.bus import PostgresBus
from amends.bus.postgres.producer import (
    BATCH_BYTES_MAX,
    BATCH_MESSAGES_MAX,
    batches,
    decode_headers,
    encode_headers,
    partition_of,
)
from amends.bus.postgres.ranges import Head, allot, rotated
from amends.bus.postgres.sharing import fair_share
from amends.bus.settings import BusSettings
from amends.bus.topics import suite_topics

names = st.text("abcdef", min_size=1, max_size=4)


@given(
    members=st.dictionaries(names, st.sets(st.sampled_from(["t", "u", "v"])), min_size=1, max_size=8),
    counts=st.fixed_dictionaries({"t": st.integers(1, 12), "u": st.integers(1, 12)}),
)
def test_every_partition_that_someone_reads_falls_to_exactly_one_member_evenly(members, counts):
    partitions, first = {}, 0
    for topic, count in counts.items():
        partitions[topic] = list(range(first, first + count))
        first += count
    shares = {member: fair_share(member, members, partitions) for member in members}
    for topic, ids in partitions.items():
        readers = [member for member, topics in members.items() if topic in topics]
        held = [id_ for share in shares.values() for id_ in share if id_ in ids]
        assert sorted(held) == (ids if readers else [])
        sizes = [len(shares[member] & set(ids)) for member in readers]
        assert not sizes or max(sizes) - min(sizes) <= 1


def test_partitions_of_one_number_fall_to_one_member_so_a_ticket_stays_together():
    members = {"a": ["t", "u"], "b": ["t", "u"]}
    assert fair_share("a", members, {"t": [10, 11, 12], "u": [20, 21, 22]}) == {10, 12, 20, 22}


def test_the_partition_of_a_key_never_changes():
    # Literals on purpose: producers of different versions must agree for ever.
    keys = ["ticket-1", "ticket-2", "工单", "tenant/demo/1", ""]
    assert [partition_of(key, 6) for key in keys] == [3, 5, 5, 4, 0]
    assert {partition_of(key, 1) for key in keys} == {0}


@given(st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=16)), max_size=5))
def test_headers_of_any_bytes_survive_the_log(headers):
    assert decode_headers(encode_headers(tuple(headers))) == tuple(headers)


@given(st.lists(st.integers(0, 3_000_000), max_size=40))
def test_batches_keep_order_lose_nothing_and_stay_within_their_limits(sizes):
    messages = [Message("t", f"{n}", bytes(size)) for n, size in enumerate(sizes)]
    cut = list(batches(messages))
    assert [message for batch in cut for message in batch] == messages
    for batch in cut:
        assert len(batch) <= BATCH_MESSAGES_MAX
        assert len(batch) == 1 or sum(map(size_of, batch)) <= BATCH_BYTES_MAX


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8), st.integers(1, 100))
def test_a_poll_shares_its_records_among_partitions_and_never_exceeds_them(backlogs, records_max):
    heads = [Head(n, position, 0, position + backlog) for n, (position, backlog) in enumerate(backlogs)]
    ranges = allot(heads, records_max)
    taken = sum(beyond - first for first, beyond in ranges.values())
    assert taken == min(records_max, sum(backlog for _, backlog in backlogs))
    for id_, (first, beyond) in ranges.items():
        assert first == heads[id_].position < beyond <= heads[id_].next_offset


def test_the_partition_served_last_comes_last():
    assert rotated([3, 1, 2], None) == [1, 2, 3]
    assert rotated([3, 1, 2], 1) == [2, 3, 1]
    assert rotated([3, 1, 2], 3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://u:p@localhost:1/amends_bus", PostgresBus),
        ("kafka://a:9092,b:9092", KafkaBus),
    ],
)
def test_the_scheme_of_the_url_chooses_the_bus(url, kind):
    assert isinstance(connect(url, BusSettings()), kind)


@pytest.mark.parametrize("url", ["redis://localhost", "localhost:9092", "kafka://"])
def test_another_url_is_refused(url):
    with pytest.raises(ValueError):
        connect(url, BusSettings())


def test_a_kafka_url_may_name_several_servers():
    assert servers("kafka://a:9092,b:9093") == ["a:9092", "b:9093"]


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", "shop.")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "hidden")
    monkeypatch.setenv("BUS_GROUP_LEASE_S", "4.5")
    settings = BusSettings()
    assert (settings.kafka_topic_prefix, settings.bus_group_lease_s) == ("shop.", 4.5)
    assert "hidden" not in repr(settings)


def test_outside_demo_topics_have_three_copies_of_which_two_must_confirm():
    settings = BusSettings()
    assert (settings.kafka_replication, settings.kafka_min_insync) == (3, 2)


def test_tls_is_spoken_only_where_the_protocol_says_so():
    assert ssl_context(BusSettings(kafka_security_protocol="SASL_PLAINTEXT")) is None
    for protocol in ("SSL", "SASL_SSL"):
        context = ssl_context(BusSettings(kafka_security_protocol=protocol))
        assert context.check_hostname


def test_the_prefix_stands_before_topics_there_and_not_here():
    clients = Clients("kafka://a:1", BusSettings(kafka_topic_prefix="shop."))
    assert clients.there("amends.ticket.v1") == "shop.amends.ticket.v1"
    assert clients.here("shop.amends.ticket.v1") == "amends.ticket.v1"
    assert clients.is_ours("shop.x")
    assert not clients.is_ours("x")
    assert not Clients("kafka://a:1", BusSettings()).is_ours("__consumer_offsets")


def test_topics_carry_the_logs_time_and_take_an_event_of_512_kib():
    configs = topic_configs(TopicSpec("t", 6, 3600, replication=3, min_insync=2), 1_048_576)
    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert int(configs["max.message.bytes"]) > 2 * 512 * 1024
    assert (configs["retention.ms"], configs["min.insync.replicas"]) == ("3600000", "2")
    assert int(configs["segment.ms"]) <= 900_000  # else an hour's retention deletes nothing for a week
    assert topic_configs(TopicSpec("t", 1, None), 1_048_576)["retention.ms"] == "-1"


def test_the_suite_has_its_topics_and_a_dlq_for_each_that_a_group_reads():
    specs = {spec.name: spec for spec in suite_topics(replication=3, min_insync=2)}
    assert specs["amends.ticket.v1"] == TopicSpec("amends.ticket.v1", 6, 604_800, 3, 2)
    assert (specs["amends.policy.v1"].partitions, specs["amends.policy.v1"].retention_s) == (1, None)
    assert (specs["amends.watermark.v1"].partitions, specs["amends.watermark.v1"].retention_s) == (1, 3600)
    assert {name for name in specs if name.startswith("amends.ticket.v1.dlq.")} == {
        f"amends.ticket.v1.dlq.{group}" for group in ("sla", "compensation", "notify")
    }


@given(st.integers(0, 10**13), st.integers(0, 999))
def test_seeking_by_time_asks_for_the_first_millisecond_not_before_it(millis, micros):
    at = from_millis(millis) + timedelta(microseconds=micros)
    assert from_millis(to_millis(at)) >= at > from_millis(to_millis(at) - 1)


def test_kafkas_milliseconds_are_utc():
    assert from_millis(1_700_000_000_123) == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)


def landed(partition, offset):
    future = asyncio.get_running_loop().create_future()
    future.set_result(RecordMetadata("t", partition, TopicPartition("t", partition), offset, 0, 1, 0))
    return future


async def test_an_acknowledgement_without_a_valid_offset_is_none_nor_is_what_counts_up_from_it():
    sender = KafkaSender(Clients("kafka://a:1", BusSettings()))
    sent = [landed(0, 7), landed(1, -1), landed(1, 0), landed(0, 8), landed(1, 1)]
    answers = sender._answers(sent)
    assert [answer if isinstance(answer, Ack) else type(answer) for answer in answers] == [
        Ack(0, 7),
        BusError,
        BusError,
        Ack(0, 8),
        BusError,
    ]


async def test_what_is_not_answered_in_time_is_not_acknowledged():
    sender = KafkaSender(Clients("kafka://a:1", BusSettings()))
    (answer,) = sender._answers([asyncio.get_running_loop().create_future()])
    assert isinstance(answer, BusError)


def test_the_first_lookup_of_a_group_is_no_error_and_an_outage_is_told_once_in_a_while():
    def record(message, *arguments, level=logging.ERROR):
        return logging.LogRecord("x", level, "f", 1, message, arguments, None)

    now = [0.0]
    calm = Calm(lambda: now[0])
    message = "Group Coordinator Request failed: %s"
    assert not calm.filter(
        record(message, "[Error 15] GroupCoordinatorNotAvailableError: CoordinatorNotAvailableError")
    )
    assert calm.filter(record(message, "[Error 30] GroupAuthorizationFailedError"))
    assert not calm.filter(record(message, "NodeNotReadyError"))
    assert calm.filter(record("Unable connect to %s", "a"))
    assert all(calm.filter(record("chatter", level=logging.INFO)) for _ in range(3))
    now[0] = 31.0
    assert calm.filter(record(message, "NodeNotReadyError"))
