"""Rendering is sandboxed, strict and bounded; what goes wrong names a part and a place, never a value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.emails.grammar import MAX_SOURCE_BYTES
from addressee.emails.money import Money, day_text, money_text, resolve_locale
from addressee.emails.render import Engine, NotRendered, environment, one_line, tidy
from addressee.emails.template import InvalidTemplate
from tests.unit.emails.mails import template

GIVEN = {"unsubscribe_url": "https://u", "preferences_url": "https://p", "postal_address": "Street", "locale": "en_US"}


def render(body, *, text="t", subject="s", engine=None, **values):
    """Render a template of a body."""
    return (engine or Engine()).render(template(body, text=text, subject=subject), {**GIVEN, **values})


def test_parts_are_rendered_and_html_is_escaped():
    """Only HTML is; subject, preheader and language may be read in it."""
    parts = render(
        "<p>{{ name }}|{{ preheader }}|{{ language }}</p>", text="{{ name }}", subject="{{ name }}", name="<b>&"
    )
    assert "<p>&lt;b&gt;&amp;|A line|en</p>" in parts.html
    assert "<title>&lt;b&gt;&amp;</title>" in parts.html
    assert (parts.subject, parts.text) == ("<b>&", "<b>&\n")


def test_a_template_is_compiled_once():
    """The second rendering takes what the first compiled."""
    engine = Engine()
    render("a", engine=engine)
    compiled = dict(engine._compiled)
    render("a", engine=engine)
    assert engine._compiled == compiled


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("{{ nobody }}", {}),
        ("{{ a.b }}", {"a": Money(1, "EUR")}),
        ("{{ a }}", {"a": None}),
        ("{{ a }}", {"a": True}),
        ("{{ a }}", {"a": 0.1}),
        ("{{ a }}", {"a": {"b": 1}}),
        ("{{ a | money }}", {"a": "free"}),
        ("{{ a | date }}", {"a": "tomorrow"}),
        ("{{ a.__class__.__mro__ }}", {"a": "x"}),
        ("{{ a + 1 }}", {"a": "x"}),
        ("{{ 1 // a }}", {"a": 0}),
        ("{{ a }}", {"a": object()}),
    ],
)
def test_what_cannot_be_shown_fails(body, values):
    """None of it reaches a reader."""
    with pytest.raises(NotRendered, match="html"):
        render(body, **values)


@pytest.mark.parametrize(
    "body",
    [
        "{{ range(10) }}",
        "{% for i in range(100000) %}{% endfor %}",
        "{{ 'x' * 1000000 }}",
        "{{ 2 ** 1000000 }}",
        "{{ '%1000000d' % 1 }}",
        "{% set x = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{{ a.format(b) }}",
        "{{ a | center(1000000) }}",
        "{{ a | attr('x') }}",
        "{% if a is callable %}{% endif %}",
        "{% for a in b recursive %}{% endfor %}",
        "{% for a in b %}{% for c in a %}{% for d in c %}{% endfor %}{% endfor %}{% endfor %}",
        "{% if %}",
        "{{ a",
        "x" * MAX_SOURCE_BYTES,
    ],
)
def test_what_could_run_away_is_not_compiled(body):
    """The language of a template is small on purpose."""
    with pytest.raises(InvalidTemplate, match="html, line"):
        render(body, a="", b=[])


def test_output_is_bounded():
    """Two loops over a long list stop."""
    body = "{% for x in a %}{% for y in a %}{{ x }}{% endfor %}{% endfor %}"
    with pytest.raises(NotRendered, match="grows beyond"):
        render(body, a=["x" * 100] * 1000)


def test_the_usual_things_work():
    """Conditions, loops, slices, filters."""
    body = (
        "{% for x in a[:2] %}{{ loop.index }}{{ x | upper }}{% if not loop.last %}, {% endif %}{% else %}-{% endfor %}"
    )
    body += "{{ m | money }} {{ d | date('short') }}"
    assert "<body>1A, 2B$4.99 1/2/26" in render(body, a=["a", "b", "c"], m=Money(499, "USD"), d="2026-01-02").html
    assert "<body>-$" in render(body, a=[], m=Money(499, "USD"), d="2026-01-02").html


@given(st.text())
def test_a_subject_is_one_line(text):
    """Whatever went in."""
    line = one_line(text)
    assert "\n" not in line
    assert "\r" not in line
    assert line == line.strip()


def test_a_text_is_tidy():
    """Single spaces, single blank lines, one line feed at the end."""
    assert tidy("\n\n a  b \n\n\n\n \n c\t\n") == "a b\n\nc\n"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("de-AT",), "de_AT"),
        (("de_XX", "en"), "de"),
        (("tlh", "fr-CA"), "fr_CA"),
        (("", "../../etc/passwd"), "en_US"),
        (("x" * 300,), "en_US"),
        (("EN-gb",), "en_GB"),
    ],
)
def test_a_locale_falls_back(wanted, found):
    """To its language, to the next, to English."""
    assert resolve_locale(*wanted) == found


@settings(deadline=None)  # a busy machine is no bug
@given(st.text(max_size=20))
def test_any_text_resolves_to_a_locale(text):
    """What a CRM sent may be anything."""
    assert money_text(Money(1, "EUR"), resolve_locale(text))


def test_money_and_days_are_written_as_people_write_them():
    """Amounts are hundredths of every currency."""
    assert money_text(Money(123499, "EUR"), "de_DE") == "1.234,99\xa0€"
    assert money_text(Money(123499, "USD"), "en_US") == "$1,234.99"
    assert money_text(Money(50000, "JPY"), "ja_JP") == "￥500"
    assert day_text("2026-01-02", "de_DE") == "2. Januar 2026"


def test_the_sandbox_has_no_globals():
    """Nothing but what goes in can be reached."""
    assert not environment(autoescape=True).globals
