"""The contract refuses what must not reach a reader, and says where it is."""

import pytest

from addressee.emails.contract import violations
from addressee.emails.reading import read_html
from addressee.emails.template import template_of, to_files
from tests.unit.emails.mails import DIGEST, TEXT, digest, template

PRODUCTS = {"products": "products"}
NAME = {"first_name": "text"}


def test_the_digest_keeps_the_contract():
    """It is what marketers begin with."""
    assert violations(digest()) == []
    assert DIGEST.name == digest().name


def test_a_small_template_keeps_it():
    """Little is needed."""
    assert violations(template()) == []


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (template("{{ nobody }}"), "reads nobody, which is not declared"),
        (template(subject="{{ subject }}"), "reads subject, which is not declared"),
        (template(inputs=NAME), "first_name is declared but nothing reads it"),
        (template(texts={"hi": ("a", "b")}), "hi is declared but nothing reads it"),
        (template("{{ range(3) }}"), "call is not part of a template's language"),
        (template("{% if %}"), "is no Jinja2"),
        (template("Hello {{ first_name }},", inputs=NAME), "has a gap near 'Hello ,"),
        (template("Hello {{ first_name }} there", inputs=NAME), "has a gap near 'Hello there"),
        (template("({{ first_name }})", inputs=NAME), "has a gap near '()"),
        (template(text=TEXT + "Hi {{ first_name }}, you", inputs=NAME), "has a gap near"),
        (template(subject="{{ first_name }}, news", inputs=NAME), "the subject is empty or begins"),
        (template(subject="{{ first_name }}", inputs=NAME), "the subject is empty"),
        (template(preheader="{{ first_name }}", inputs=NAME), "the preheader is empty"),
        (template(preheader="For {{ first_name }}, news", inputs=NAME), "has a gap"),
        (template("{{ '{' }}{ x }}"), "shows"),
        (template("The price is None today"), "shows 'None'"),
        (template("{% for p in products %}{{ p.price }}{% endfor %}", inputs=PRODUCTS), "cannot be rendered"),
        (template("{% for p in products %}{{ p.colour }}{% endfor %}", inputs=PRODUCTS), "cannot be rendered"),
        (template("{{ products[0].title }}", inputs=PRODUCTS), "cannot be rendered"),
        (template("{% for p in products %}<a href='{{ p.url }}'>x</a>{% endfor %}", inputs=PRODUCTS), "leads to ''"),
        (template("<a>x</a>"), "leads to None"),
        (template("<a href='/about'>x</a>"), "leads to '/about'"),
        (template("<a href='javascript:x'>x</a>"), "leads to 'javascript:x'"),
        (template("<a href='https:///x'>x</a>"), "leads to 'https:///x'"),
        (template("<img src='https://img.example.com/x.jpg'>"), "has no alt text"),
        (template("<img src='https://img.example.com/x.jpg' alt=' '>"), "has no alt text"),
        (template("<img src='x.jpg' alt='x'>"), "comes from 'x.jpg'"),
        (template("<img alt='x'>"), "comes from None"),
        (template("<table><tr><td>x</td></tr></table>"), "no role=presentation"),
        (template("x" * 105_000), "Gmail cuts it"),
        (template(text=TEXT + "x" * 105_000), "text has"),
        (template(text="{{ postal_address }}"), "text has no unsubscribe link"),
        (template(text="{{ unsubscribe_url }} {{ preferences_url }}"), "text has no postal address"),
        (template(samples={"Ada": {"age": 5}}), "age is not a field of a sample"),
        (template(samples={"Ada": {"products": [{"colour": 5}]}}), "colour is not a field"),
        (template(samples={"Ada": {"products": [{"price": "free"}]}}), "price must be a number"),
    ],
)
def test_what_breaks_the_contract_is_told(made, what):
    """With the part or the person that shows it."""
    found = violations(made)
    assert any(what in each.what for each in found), found
    assert all(each.where for each in found)


def test_html_needs_what_the_law_and_programs_need():
    """Links, address, language, title."""
    bare = template()
    made = template_of(to_files(bare.manifest, "<html><body>x</body></html>", bare.text))
    told = {each.what for each in violations(made)}
    assert {
        "html has no lang",
        "html has no title",
        "html has no unsubscribe link",
        "html has no preference link",
        "html has no postal address",
    } <= told


def test_what_every_template_must_declare_is_told():
    """Even where nothing else is wrong."""
    bare = template()
    said = to_files(bare.manifest, bare.html, bare.text)
    missing = template_of({**said, "manifest.json": b'{"name": "tiny", "subject": "s", "preheader": "p"}'})
    assert {"unsubscribe_url must be an input", "postal_address must be an input"} <= {
        each.what for each in violations(missing)
    }


def test_a_violation_is_told_once():
    """Though every person shows it."""
    found = violations(template("<a href='/x'>x</a>"))
    assert len(found) == len(set(found))


def test_html_is_read_as_programs_read_it():
    """Damage raises nothing."""
    found = read_html("<html lang='de'><title>T</title><style>x</style></b><p>a &amp; b<img><table role=presentation>")
    assert (found.language, found.title, found.seen) == ("de", "T", "a & b")
    assert found.tables == ["presentation"]
