"""Whole calls, as Twilio leads them."""
