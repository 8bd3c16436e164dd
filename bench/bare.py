"""The floor: a Flask route that returns constant TwiML, on the same server as the hotline."""

from __future__ import annotations

from flask import Flask, Response

app = Flask(__name__)
TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>This is a constant answer.</Message></Response>'


@app.post("/webhooks/twilio/messages")
def answer() -> Response:
    """The same words, whatever comes."""
    return Response(TWIML, content_type="text/xml; charset=utf-8")
