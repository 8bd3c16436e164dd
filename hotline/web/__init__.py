"""The web edge: webhooks, audio, health, simulator. Nobody imports it but the entry points."""
