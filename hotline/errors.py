"""The one error every room raises when the hotline cannot start: it carries a sentence for the operator."""

from __future__ import annotations


class CannotStart(ValueError):
    """Something given to the hotline (a setting, a file) cannot be used. The message names the thing and the remedy."""
