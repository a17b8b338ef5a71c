"""A simulated retailer's mail for suite `rendering`, in Foundation for Emails: its published stylesheet and frame.

Nothing of the framework is changed: stylesheet and frame are the files of the package as npm installs it. The body is
what its documentation prescribes as plain HTML for a container, rows, columns of four and eight twelfths, a button and
a footer. Fixed before anything was timed: four products, with which a mail is about 34 kB.
"""

from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "node_modules" / "foundation-emails"
STYLESHEET = PACKAGE / "dist" / "foundation-emails.css"
FRAME = PACKAGE / ".download" / "index.html"
LINK = '<link rel="stylesheet" href="css/foundation-emails.css" />'
HOLE = "<center>"
CARDS = 4

_HEAD = """
<table class="row"><tbody><tr>
<th class="small-12 large-12 columns first last"><table><tbody><tr>
<th><h1>Hello {{ first_name }}</h1><p class="lead">Picked for you this week.</p></th>
<th class="expander"></th>
</tr></tbody></table></th>
</tr></tbody></table>
"""
_CARD = """
<table class="row"><tbody><tr>
<th class="small-12 large-4 columns first"><table><tbody><tr>
<th><img src="{{ product.image }}" alt="{{ product.title }}"></th>
</tr></tbody></table></th>
<th class="small-12 large-8 columns last"><table><tbody><tr>
<th>
<h4>{{ product.title }}</h4>
<p>{{ product.why }}</p>
<p>{{ product.price | money }}</p>
<table class="button"><tbody><tr><td><table><tbody><tr>
<td><a href="{{ product.url }}">View</a></td>
</tr></tbody></table></td></tr></tbody></table>
</th>
</tr></tbody></table></th>
</tr></tbody></table>
"""
_FOOT = """
<table class="row footer"><tbody><tr>
<th class="small-12 large-12 columns first last"><table><tbody><tr>
<th><p class="text-center">{{ postal_address }}<br>
<a href="{{ preferences_url }}">Your preferences</a> | <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></th>
<th class="expander"></th>
</tr></tbody></table></th>
</tr></tbody></table>
"""


def page() -> str:
    """Write the mail's HTML source: the frame with the stylesheet in it, Jinja2 where a person's words go.

    Raises `FileNotFoundError` before `make setup`, and `ValueError` where the package's frame is another one.
    """
    frame = FRAME.read_text(encoding="utf-8")
    if frame.count(LINK) != 1 or frame.count(HOLE) != 1:
        raise ValueError(FRAME)
    cards = f"{{% for product in products %}}{_CARD}{{% endfor %}}"
    body = (
        f'{HOLE}<table align="center" class="container float-center"><tbody><tr><td>'
        f"{_HEAD}{cards}{_FOOT}</td></tr></tbody></table>"
    )
    style = f"<style>\n{STYLESHEET.read_text(encoding='utf-8')}</style>"
    return frame.replace(LINK, style).replace(HOLE, body)
