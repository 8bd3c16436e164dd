"""Answers while the hotline itself is down: a small program with one signed file, without database and Rasa."""
