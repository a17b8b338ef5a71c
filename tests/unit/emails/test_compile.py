"""Jinja2 survives MJML and the inlining of styles; the text part is made of what can be read."""

import pytest

from addressee.emails.compile import MAIN, compile_template, include, protect
from addressee.emails.plain_text import text_template
from addressee.emails.template import InvalidTemplate


def mjml(body, head=""):
    """Write a whole MJML source around some components."""
    inside = f"<mj-section><mj-column>{body}</mj-column></mj-section>"
    return {MAIN: f"<mjml><mj-head>{head}</mj-head><mj-body>{inside}</mj-body></mjml>"}


def html_of(body, head=""):
    """Compile components."""
    made = compile_template(mjml(body, head))
    return made.restore(made.source)


def text_of(html):
    """Write the text part's source of an HTML with Jinja2 in it."""
    return text_template(protect(html))


def test_expressions_survive_in_texts_attributes_and_styles():
    """Quotes, ampersands and angle brackets in them too."""
    html = html_of(
        """<mj-text>{{ a }} {% if a < b and c > 'd' %}
        <b style="color: {{ ['#fff', "#000"][n] }}">{{ a & 'é' }}</b>{% endif %}</mj-text>
        <mj-button href="{{ product['url'] }}">{{ "x" | default("y") }}</mj-button>""",
        "<mj-style>b { font-size: 20px; }</mj-style>",
    )
    for kept in (
        "{% if a < b and c > 'd' %}",
        """color: {{ ['#fff', "#000"][n] }}""",
        "font-size: 20px",
        "{{ a & 'é' }}</b>{% endif %}",
        """href="{{ product['url'] }}\"""",
        """{{ "x" | default("y") }}""",
    ):
        assert kept in html
    assert "jinja0x" not in html


def test_a_loop_may_stand_between_sections():
    """HTML knows no text there: it stands as a comment until it is restored."""
    section = "<mj-section><mj-column><mj-text>{{ p.title }}</mj-text></mj-column></mj-section>"
    source = f"<mjml><mj-body>{{% for p in products %}}{section}{{% endfor %}}</mj-body></mjml>"
    made = compile_template({MAIN: source})
    html = made.restore(made.source)
    begun, said, ended = (html.index(each) for each in ("{% for", "{{ p.title }}", "{% endfor"))
    assert begun < html.index("<table") < said < html.rindex("</table>") < ended


def test_rules_for_dark_mode_stay():
    """What cannot be inlined is kept in the head."""
    html = html_of(
        "<mj-text>x</mj-text>", "<mj-style>@media (prefers-color-scheme: dark) { p { color: #fff } }</mj-style>"
    )
    assert "prefers-color-scheme: dark" in html


def test_the_same_source_gives_the_same_bytes():
    """The version is a hash of them."""
    assert html_of("<mj-text>{{ a }}</mj-text>") == html_of("<mj-text>{{ a }}</mj-text>")


def test_partials_are_put_in():
    """Those of partials too."""
    files = {"a": '1<mj-include path="b/c.mjml" />4', "b/c.mjml": '2<mj-include path="d"/>', "d": "3"}
    assert include(files, "a") == "1234"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {MAIN: '<mj-include path="nowhere.mjml"/>'},
        {MAIN: f'<mj-include path="{MAIN}"/>'},
        {MAIN: "<mjml><mj-body>"},
        {MAIN: "jinja7x"},
    ],
)
def test_what_does_not_compile_is_refused(files):
    """Say so, whatever it is."""
    with pytest.raises(InvalidTemplate):
        compile_template(files)


def test_what_mjml_would_drop_is_told():
    """A statement in an attribute of the head that nothing renders."""
    source = (
        '<mjml><mj-head><mj-attributes><mj-class name="{{ a }}" /></mj-attributes></mj-head><mj-body></mj-body></mjml>'
    )
    with pytest.raises(InvalidTemplate, match=r"drops \{\{ a"):
        compile_template({MAIN: source})


def test_a_comment_of_html_is_no_tag():
    """A statement within it stays a word, else the comment would end too early."""
    protected = protect("<!-- a > {% if x %} --> {% if y %}<b>{{ z }}</b>")
    assert protected.source == "<!-- a > jinja0x --> <!--jinja1x--><b>jinja2x</b>"
    assert protected.restore(protected.source) == "<!-- a > {% if x %} --> {% if y %}<b>{{ z }}</b>"


def test_a_text_reads_like_a_letter():
    """Links are written out once, hidden parts and pictures are not."""
    text = text_of(
        """<html><head><title>T</title><style>p{}</style></head><body><div style="display: none">preview</div>
        <h1>News</h1><p>Hello {{ name }},</p>{% for p in ps %}<table><tr><td aria-hidden="true"><img src="x">M</td>
        <td><a href="{{ p.url }}"><img src="y"></a><h2><a href="{{ p.url }}">{{ p.title }}</a></h2>
        <a href="{{ p.url }}">View</a></td></tr></table>{% endfor %}
        <ul><li>one</li><li>two</li></ul><hr><a>plain</a><br>
        <a href="{{ u }}">Leave</a> &nbsp;&middot;&nbsp; <a href="{{ v }}">Stay</a></body></html>"""
    )
    assert [line.strip() for line in text.splitlines() if line.strip()] == [
        "News",
        "Hello {{ name }},",
        "{% for p in ps %}",
        "{{ p.title }}: {{ p.url }}",
        "{% endfor %}",
        "- one",
        "- two",
        "----",
        "plain",
        "Leave: {{ u }}",
        "Stay: {{ v }}",
    ]
