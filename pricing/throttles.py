"""Limits on guessing codes, for the doors that take them."""

from __future__ import annotations

from datetime import timedelta

from common.limiter import Limit

# Spent for each typed code that is unknown: 45 bits are safe from it, a short code that staff made up is not.
CODE_GUESSES = Limit("pricing.code_guesses", 30, timedelta(hours=1))
