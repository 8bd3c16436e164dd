"""The Rasa components of the hotline: what is said (topics) and in which language."""
