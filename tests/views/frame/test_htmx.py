"""Partials out of band."""

from __future__ import annotations

import pytest

from views.htmx import live, out_of_band


def test_marks_the_first_element():
    assert out_of_band('\n <div id="a"><p>x</p></div>') == '<div hx-swap-oob="true" id="a"><p>x</p></div>'


@pytest.mark.parametrize("name", ["tbody", "tr", "td"])
def test_keeps_table_parts_from_being_dropped(name):
    assert (
        out_of_band(f'<{name} id="a"></{name}>') == f'<template><{name} hx-swap-oob="true" id="a"></{name}></template>'
    )


def test_refuses_what_has_no_element():
    with pytest.raises(ValueError, match="starts with its element"):
        out_of_band("text")


def test_live_text_is_escaped():
    assert "&lt;b&gt;" in live("<b>")
