"""Everything said later: an outbox row first, and only the worker sends."""
