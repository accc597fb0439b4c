"""`amends.calendar` by worked examples (CONTRACT §5)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amends.calendar import WEEKDAYS, BusinessCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAILY = {day: [("08:30", "21:00")] for day in WEEKDAYS}
SERVICE = BusinessCalendar("Asia/Shanghai", DAILY)  # F3: 08:30-21:00, every day
OFFICE = BusinessCalendar("Asia/Shanghai", {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in WEEKDAYS[:5]})


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        ("2026-05-13T09:20", minutes(15), "2026-05-13T09:35"),
        ("2026-05-13T20:50", minutes(15), "2026-05-14T08:35"),  # 10 minutes today, 5 tomorrow
        ("2026-05-13T20:45", minutes(15), "2026-05-13T21:00"),  # exactly on closing time: that instant
        ("2026-05-13T23:00", minutes(15), "2026-05-14T08:45"),
        ("2026-05-13T21:00", minutes(15), "2026-05-14T08:45"),  # the closing instant is closed
        ("2026-05-13T23:00", minutes(0), "2026-05-13T23:00"),  # zero gives start, open or not
        ("2026-05-13T08:30", hours(12.5), "2026-05-13T21:00"),
        ("2026-05-13T08:30", hours(25), "2026-05-14T21:00"),
        ("2026-12-31T20:00", hours(2), "2027-01-01T09:30"),
    ],
)
def test_open_time_is_added_across_nights(start, duration, due):
    assert SERVICE.add(at(start), duration) == at(due)


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        ("2026-05-15T17:00", hours(2), "2026-05-18T10:00"),  # Friday evening to Monday
        ("2026-05-15T11:30", hours(1), "2026-05-15T13:30"),  # across lunch
        ("2026-05-15T09:00", hours(3), "2026-05-15T12:00"),
        ("2026-05-16T12:00", hours(8), "2026-05-18T18:00"),
    ],
)
def test_open_time_is_added_across_lunch_and_week_ends(start, duration, due):
    assert OFFICE.add(at(start), duration) == at(due)


def test_elapsed_counts_open_time_only_and_is_zero_backwards():
    assert OFFICE.elapsed(at("2026-05-15T11:00"), at("2026-05-18T09:30")) == hours(1 + 5 + 0.5)
    assert OFFICE.elapsed(at("2026-05-16T00:00"), at("2026-05-18T09:00")) == hours(0)
    assert OFFICE.elapsed(at("2026-05-18T10:00"), at("2026-05-15T10:00")) == hours(0)
    assert OFFICE.elapsed(at("2026-05-18T10:00"), at("2026-05-18T10:00")) == hours(0)


def test_elapsed_and_add_keep_microseconds():
    start = at("2026-05-13T20:59:59.999999")
    assert SERVICE.add(start, timedelta(microseconds=2)) == at("2026-05-14T08:30:00.000001")
    assert SERVICE.elapsed(start, at("2026-05-14T08:30:00.000001")) == timedelta(microseconds=2)


@pytest.mark.parametrize(
    ("time", "is_open"),
    [("08:29:59.999999", False), ("08:30", True), ("20:59:59.999999", True), ("21:00", False)],
)
def test_the_opening_instant_is_open_and_the_closing_one_is_not(time, is_open):
    assert SERVICE.is_open(at(f"2026-05-13T{time}")) is is_open


def test_next_and_latest_open_are_the_instant_itself_when_open():
    noon = at("2026-05-13T12:00")
    assert SERVICE.next_open(noon) == SERVICE.latest_open(noon) == noon


def test_next_open_is_the_next_opening_and_latest_open_the_last_closing_instant():
    night = at("2026-05-16T03:00")  # Saturday
    assert OFFICE.next_open(night) == at("2026-05-18T09:00")
    assert OFFICE.latest_open(night) == at("2026-05-15T18:00")
    assert OFFICE.latest_open(at("2026-05-15T18:00")) == at("2026-05-15T18:00")
    assert OFFICE.next_open(at("2026-05-15T12:00")) == at("2026-05-15T13:00")


def test_new_year_is_a_day_like_any_other():
    midnight_utc = datetime(2027, 1, 1, tzinfo=UTC)
    always = BusinessCalendar("UTC", {day: [("00:00", "24:00")] for day in WEEKDAYS})
    assert always.add(midnight_utc - hours(1), hours(2)) == midnight_utc + hours(1)
    assert always.latest_open(midnight_utc) == midnight_utc
    lasting = BusinessCalendar("UTC", {"thu": [("22:00", "24:00")]})  # 2026-12-31 is a Thursday
    assert lasting.add(midnight_utc - hours(3), hours(2)) == midnight_utc
    assert lasting.latest_open(midnight_utc + hours(5)) == midnight_utc
    assert lasting.next_open(midnight_utc) == datetime(2027, 1, 7, 22, tzinfo=UTC)


# Working days: C4 (until 21:00 of the fifth) and I3 (of the third), with the days of the Dragon Boat Festival 2026.
WORKING = BusinessCalendar(
    "Asia/Shanghai",
    {day: [("08:30", "21:00")] for day in WEEKDAYS[:5]},
    closed=[date(2026, 6, 19)],
    special={date(2026, 6, 20): [("10:00", "18:00")], date(2026, 6, 22): []},
)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-05-13T00:00", 1, "2026-05-14T21:00"),  # day one is the next working day
        ("2026-05-13T23:59", 1, "2026-05-14T21:00"),
        ("2026-05-13T10:00", 5, "2026-05-20T21:00"),  # Wed: Thu, Fri, Mon, Tue, Wed
        ("2026-05-15T10:00", 3, "2026-05-20T21:00"),
        ("2026-05-16T10:00", 1, "2026-05-18T21:00"),
        ("2026-06-18T10:00", 1, "2026-06-20T18:00"),  # closed on the 19th, Saturday the 20th is made up
        ("2026-06-18T10:00", 2, "2026-06-23T21:00"),  # nor does the special 22nd open
        ("2026-12-31T10:00", 1, "2027-01-01T21:00"),
    ],
)
def test_working_days_end_at_the_closing_instant_of_the_nth_open_date(start, n, due):
    assert WORKING.add_working_days(at(start), n) == at(due)


def test_working_days_start_from_the_date_in_the_calendars_zone():
    # 17:00 UTC on the 13th is 01:00 on the 14th in Shanghai.
    assert WORKING.add_working_days(datetime(2026, 5, 13, 17, tzinfo=UTC), 1) == at("2026-05-15T21:00")


def test_a_working_day_that_is_open_until_midnight_closes_at_midnight():
    around = BusinessCalendar("Asia/Shanghai", {day: [("00:00", "24:00")] for day in WEEKDAYS})
    assert around.add_working_days(at("2026-05-13T10:00"), 1) == at("2026-05-15T00:00")


def test_a_special_day_wins_over_closed_and_replaces_the_weeks_windows():
    day = date(2026, 5, 13)
    special = BusinessCalendar("Asia/Shanghai", DAILY, closed=[day], special={day: [("10:00", "11:00")]})
    assert special.elapsed(at("2026-05-13T00:00"), at("2026-05-14T00:00")) == hours(1)
    shut = BusinessCalendar("Asia/Shanghai", DAILY, special={day: []})
    assert shut.elapsed(at("2026-05-13T00:00"), at("2026-05-14T00:00")) == hours(0)


def test_windows_are_a_union_in_any_order():
    messy = BusinessCalendar("UTC", {"wed": [("13:00", "15:00"), ("09:00", "11:00"), ("10:00", "14:00")]})
    start = datetime(2026, 5, 13, tzinfo=UTC)
    assert messy.elapsed(start, start + hours(24)) == hours(6)
    assert messy.add(start, hours(6)) == start + hours(15)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([("10:00", "11:00")], "13:00"),
        ([("10:00", "11:00"), ("10:30", "11:30")], "13:30"),  # overlaps count once
        ([("11:00", "11:30"), ("10:00", "10:30")], "13:00"),  # in any order
        ([("06:00", "09:30")], "12:30"),  # only its open part counts: from 09:00
        ([("12:00", "12:30")], "12:00"),  # from the due time on: too late
        ([("11:00", "11:00"), ("11:30", "11:00")], "12:00"),  # nothing
        ([("08:00", "09:00")], "12:00"),
    ],
)
def test_the_open_part_of_pauses_does_not_count(pauses, due):
    spans = [(at(f"2026-05-13T{a}"), at(f"2026-05-13T{b}")) for a, b in pauses]
    start = at("2026-05-13T09:00")
    assert SERVICE.add(start, hours(3), spans) == at(f"2026-05-13T{due}")
    assert SERVICE.elapsed(start, at(f"2026-05-13T{due}"), spans) == hours(3)


def test_a_pause_over_night_moves_the_due_time_to_the_next_day():
    pause = (at("2026-05-13T20:00"), at("2026-05-14T09:30"))
    assert SERVICE.add(at("2026-05-13T19:00"), hours(2), [pause]) == at("2026-05-14T10:30")


def test_zero_inside_a_pause_is_still_the_start():
    start = at("2026-05-13T10:00")
    assert SERVICE.add(start, hours(0), [(start, start + hours(1))]) == start


NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def test_an_hour_that_is_repeated_counts_twice():
    nights = BusinessCalendar("America/New_York", {"sun": [("00:00", "03:00")]})
    start = at("2026-11-01T00:00", NEW_YORK)  # 02:00 EDT becomes 01:00 EST
    assert nights.elapsed(start, start.astimezone(UTC) + hours(24)) == hours(4)
    assert nights.add(start, hours(2)) == datetime(2026, 11, 1, 6, tzinfo=UTC)  # 01:00 EST, the second time
    assert nights.add_working_days(start - hours(30), 1) == datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_an_hour_that_is_skipped_does_not_count():
    nights = BusinessCalendar("America/New_York", {"sun": [("00:00", "03:00")]})
    start = at("2026-03-08T00:00", NEW_YORK)
    assert nights.elapsed(start, start.astimezone(UTC) + hours(24)) == hours(2)
    skipped = BusinessCalendar("America/New_York", {"sun": [("02:00", "03:00")]})
    assert skipped.next_open(start) == at("2026-03-15T02:00", NEW_YORK)
    assert skipped.add_working_days(start - hours(24), 1) == at("2026-03-15T03:00", NEW_YORK)


def test_lord_howe_repeats_and_skips_half_an_hour():
    early = BusinessCalendar("Australia/Lord_Howe", {"sun": [("01:30", "02:30")]})
    back = datetime(2026, 4, 4, 12, tzinfo=UTC)  # 02:00 +11 becomes 01:30 +10:30 on 5 April
    assert early.elapsed(back, back + hours(24)) == hours(1.5)
    forth = datetime(2026, 10, 3, 12, tzinfo=UTC)  # 02:00 +10:30 becomes 02:30 +11 on 4 October
    assert early.elapsed(forth, forth + hours(24)) == hours(0.5)
    assert early.add(forth, hours(0.5)) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)


def test_a_window_that_ends_in_a_repeated_half_hour_is_open_twice():
    early = BusinessCalendar("Australia/Lord_Howe", {"sun": [("01:00", "01:45")]})
    start = at("2026-04-05T01:00", LORD_HOWE)
    first_close = datetime(2026, 4, 4, 14, 45, tzinfo=UTC)  # 01:45 +11
    again = datetime(2026, 4, 4, 15, 0, tzinfo=UTC)  # 01:30 +10:30
    assert early.add(start, minutes(45)) == first_close
    assert not early.is_open(first_close)
    assert early.next_open(first_close) == again
    assert early.add(start, minutes(46)) == again + minutes(1)
    assert early.add_working_days(start - hours(24), 1) == again + minutes(15)


def test_a_date_that_a_zone_never_had_is_no_working_day():
    apia = BusinessCalendar("Pacific/Apia", {day: [("09:00", "17:00")] for day in WEEKDAYS})  # no 30 December 2011
    start = datetime(2011, 12, 29, 12, tzinfo=ZoneInfo("Pacific/Apia"))
    assert apia.add_working_days(start, 1) == datetime(2011, 12, 31, 17, tzinfo=ZoneInfo("Pacific/Apia"))
    with pytest.raises(ValueError, match="never opens"):
        BusinessCalendar("Pacific/Apia", {}, special={date(2011, 12, 30): [("09:00", "17:00")]})


def test_results_are_in_utc():
    start = at("2026-05-13T23:00")
    results = [
        SERVICE.add(start, hours(1)),
        SERVICE.add(start, hours(0)),
        SERVICE.next_open(start),
        SERVICE.latest_open(start),
        SERVICE.add_working_days(start, 1),
    ]
    assert {result.tzinfo for result in results} == {UTC}


def test_a_calendar_of_special_days_only_has_an_end_and_a_beginning():
    fair = BusinessCalendar("UTC", {}, special={date(2026, 5, 13): [("09:00", "10:00")]})
    before, after = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert fair.add(before, hours(1)) == datetime(2026, 5, 13, 10, tzinfo=UTC)
    assert fair.latest_open(after) == datetime(2026, 5, 13, 10, tzinfo=UTC)
    for too_far in (
        lambda: fair.add(before, hours(1.5)),
        lambda: fair.next_open(after),
        lambda: fair.add_working_days(before, 2),
    ):
        with pytest.raises(ValueError, match="too little open time ahead"):
            too_far()
    with pytest.raises(ValueError, match="never open before"):
        fair.latest_open(before)


def test_more_open_time_than_there_are_years_is_refused_at_once():
    with pytest.raises(ValueError, match="too little open time ahead"):
        SERVICE.add(at("2026-05-13T10:00"), timedelta.max)
    with pytest.raises(ValueError, match="too little open time ahead"):
        SERVICE.add(datetime(9999, 12, 31, 12, tzinfo=UTC), hours(13))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("Asia/Peking", DAILY), "no time zone"),
        (("../etc/passwd", DAILY), "no time zone"),
        (("UTC", {}), "never opens"),
        (("UTC", {"mon": []}), "never opens"),
        (("UTC", {}, (), {date(2026, 5, 13): []}), "never opens"),
        (("UTC", {"monday": [("08:00", "09:00")]}), "weekdays are mon"),
        (("UTC", {"mon": [("09:00", "09:00")]}), "does not end after it starts"),
        (("UTC", {"mon": [("21:00", "08:30")]}), "does not end after it starts"),
        (("UTC", {"mon": [("24:00", "24:00")]}), "does not end after it starts"),
        (("UTC", {"mon": [("08:00", "24:01")]}), "24:00 is the latest"),
        (("UTC", {"mon": [("08:60", "09:30")]}), "no time of day"),
        (("UTC", {"mon": [("morning", "09:30")]}), "no time of day"),
        (("UTC", {"mon": [(510, 1260)]}), "no time of day"),
        (("UTC", DAILY, (), {date(2026, 5, 13): [("10:00", "09:00")]}), "does not end after it starts"),
        (("UTC", DAILY, (), {"13 May": [("08:00", "09:00")]}), "no date"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_when_built(arguments, why):
    with pytest.raises(ValueError, match=why):
        BusinessCalendar(*arguments)


NAIVE = datetime(2026, 5, 13, 12)  # noqa: DTZ001
AWARE = at("2026-05-13T12:00")


@pytest.mark.parametrize(
    "call",
    [
        lambda: SERVICE.add(NAIVE, hours(1)),
        lambda: SERVICE.elapsed(NAIVE, AWARE),
        lambda: SERVICE.elapsed(AWARE, NAIVE),
        lambda: SERVICE.is_open(NAIVE),
        lambda: SERVICE.next_open(NAIVE),
        lambda: SERVICE.latest_open(NAIVE),
        lambda: SERVICE.add_working_days(NAIVE, 1),
        lambda: SERVICE.add(AWARE, hours(1), [(NAIVE, AWARE)]),
        lambda: SERVICE.add(AWARE, hours(0), [(NAIVE, AWARE)]),
        lambda: SERVICE.elapsed(AWARE, AWARE, [(AWARE, NAIVE)]),
    ],
)
def test_naive_times_are_refused(call):
    with pytest.raises(ValueError, match="no time zone"):
        call()


def test_negative_durations_open_pauses_and_no_working_days_are_refused():
    with pytest.raises(ValueError, match="negative"):
        SERVICE.add(AWARE, timedelta(microseconds=-1))
    with pytest.raises(ValueError, match="its start and its end"):
        SERVICE.add(AWARE, hours(1), [(AWARE, None)])
    for n in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            SERVICE.add_working_days(AWARE, n)
