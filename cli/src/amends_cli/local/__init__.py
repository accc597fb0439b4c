"""Servers that a single machine needs, run as children of ours: PostgreSQL and Kafka."""
