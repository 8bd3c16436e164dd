"""The Twilio edge: requests in, TwiML and REST calls out. Knows no database and no Flask."""
