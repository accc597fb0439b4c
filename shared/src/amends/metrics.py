"""What every service counts, for `/metrics` (Prometheus). Units are in the names."""

from prometheus_client import Counter, Gauge, Histogram

CONSUMED = Counter("amends_events_consumed_total", "Events taken from the bus and done with.", ["topic"])
CONSUMER_RETRIES = Counter("amends_consumer_retries_total", "Times an event waited in its partition.", ["topic"])
PARKED = Counter("amends_poison_events_total", "Events that could not be applied; each parked its ticket.")
PARKED_NOW = Gauge("amends_parked_tickets", "Tickets parked now, by reason.", ["reason"])
CONSUMER_LAG = Gauge("amends_consumer_lag_events", "Events on the bus not yet processed.", ["topic", "partition"])
OUTBOX_UNSENT = Gauge("amends_outbox_unsent_events", "Events recorded and not yet acknowledged by the bus.")
OUTBOX_AGE_S = Gauge("amends_outbox_age_seconds", "Real age of the oldest event not yet acknowledged.")
WATERMARK_AGE_S = Gauge("amends_watermark_age_seconds", "Real seconds since this instance last published a watermark.")
TIMER_LATENESS_S = Histogram(
    "amends_timer_lateness_seconds",
    "Domain seconds between a timer's due instant and when it was fired.",
    buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 1800, 7200, 43200),
)
OPEN_JOBS = Gauge("amends_open_jobs", "Outside calls waiting or under way.", ["kind"])
REQUESTS_S = Histogram("amends_http_request_seconds", "Real seconds a request took.", ["method", "route", "status"])
TASK_RESTARTS = Counter("amends_task_restarts_total", "Background loops started again after a failure.", ["task"])
