"""Descriptions stay as small as they came."""

from __future__ import annotations

import time

import pytest

from catalog.richtext import MAX_CLEANED, MAX_LENGTH, clean_html


@pytest.mark.parametrize(
    "text",
    [
        # Different attributes, never closed: each paragraph would open all those before it anew.
        "".join(f"<p><b a={number}>x" for number in range(3500)),
        "".join(f"<P><Font a={number}>x" for number in range(600)),
        '<p><a href="https://x.et/' + "y" * 20_000 + '">' + "<p>x" * 7000,
        "<p><b><i><u><s><em><strong>x" * 1700,
    ],
)
def test_unclosed_formatting_does_not_swell(text):
    text = text[:MAX_LENGTH]
    began = time.process_time()
    cleaned = clean_html(text)
    assert time.process_time() - began < 2
    assert len(cleaned) <= MAX_CLEANED
    assert cleaned.count("x") >= text.count(">x") - 1
    assert clean_html(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "<p><strong>Buna</strong> and <em>more</em></p>" * 1000,
        "<p>one <b>forgotten</p>" + "<p><i>end</i> of <u>tag</u></p>" * 300,
    ],
)
def test_formatting_of_ordinary_length_is_kept(text):
    assert "<strong>" in clean_html(text) or "<b>" in clean_html(text)
