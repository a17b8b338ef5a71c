"""A simulated retailer's mail for suite `rendering`: 12 cards, and a stylesheet of 300 selectors.

So large and so made (grid cells twice, as td and th; spaces, sizes, kinds of buttons) are those of mail frameworks such
as Foundation for Emails, of which a mail uses a part.
"""

SIZES = (4, 8, 12, 16, 20, 24, 28, 32, 40, 48)
SIDES = ("top", "right", "bottom", "left")
INK = ("#1f2421", "#5b625d", "#1f5c4a", "#8a1c1c", "#24486b", "#6b4a24")
CARDS = 12

_UTILITIES = [f".p{side[0]}-{size} {{ padding-{side}: {size}px; }}" for side in SIDES for size in SIZES]
_UTILITIES += [f".m{side[0]}-{size} {{ margin-{side}: {size}px; }}" for side in SIDES for size in SIZES]
_UTILITIES += [f".size-{size} {{ font-size: {size}px; line-height: {size + 8}px; }}" for size in SIZES]
_UTILITIES += [f".ink-{number} {{ color: {ink}; }}" for number, ink in enumerate(INK)]
_UTILITIES += [f".tint-{number} {{ background-color: {ink}; }}" for number, ink in enumerate(INK)]
_GRID = [
    f"td.{kind}-{part}, th.{kind}-{part} {{ width: {part * 50}px; }}"
    for kind in ("small", "large")
    for part in range(1, 13)
]
_GRID += [f"td.offset-{part}, th.offset-{part} {{ padding-left: {part * 50}px; }}" for part in range(1, 12)]
_GRID += [
    f"td.{side}-{size}, th.{side}-{size} {{ border-{side}: {size}px solid #ddd8cf; }}"
    for side in SIDES
    for size in SIZES
]
_KINDS = [f"table.button.kind-{kind} td {{ background: {ink}; }}" for kind, ink in enumerate(INK)]
_KINDS += [f"table.button.kind-{kind} a {{ color: {ink}; }}" for kind, ink in enumerate(INK)]
_KINDS += [f"table.callout.kind-{kind} td {{ border: 1px solid {ink}; }}" for kind, ink in enumerate(INK)]
_KINDS += [f"h{level} a {{ color: inherit; }} h{level}.center {{ text-align: center; }}" for level in range(1, 7)]
_BASIS = """
body, table, td, a { -webkit-text-size-adjust: 100%; -ms-text-size-adjust: 100%; font-family: Arial, sans-serif; }
table, td { mso-table-lspace: 0pt; mso-table-rspace: 0pt; border-collapse: collapse; }
img { border: 0; height: auto; line-height: 100%; outline: none; text-decoration: none; display: block; }
table.body { background: #f4f1ec; width: 100%; } td.wrapper { width: 600px; } table.card td.why { font-style: italic; }
h1, h2, h3 { margin: 0; font-weight: 700; letter-spacing: -0.3px; } p { margin: 0; font-size: 16px; line-height: 24px; }
a.button { display: inline-block; border-radius: 20px; text-decoration: none; font-weight: 600; }
@media (max-width: 599px) { td.wrapper { width: 100% !important; } }
"""
_CARD = """
<table role="presentation" class="card pt-16 pb-16 mt-8" width="100%"><tr>
<td class="pt-8 pr-16 pb-8 pl-24" width="180"><table role="presentation" width="100%"><tr>
<td class="tint-2 pt-40 pb-40 size-32 ink-0" align="center">{{ product.initial }}</td></tr></table></td>
<td class="pt-8 pr-24 pb-8 pl-16"><table role="presentation" width="100%">
<tr><td class="why size-12 ink-1 pb-4">{{ product.why }}</td></tr>
<tr><td class="pb-4"><h2 class="size-20 ink-0 mt-4 mb-4">{{ product.title }}</h2></td></tr>
<tr><td class="pb-8"><p class="size-16 ink-0 mb-8">{{ product.price | money }}</p></td></tr>
<tr><td class="pt-8 pb-8">
<a class="button tint-2 pt-12 pr-20 pb-12 pl-20 size-16" href="{{ product.url }}">View</a></td></tr>
</table></td></tr></table>
"""
_FOOT = """
<tr><td class="pt-24 pb-40 size-12 ink-1" align="center"><p>{{ postal_address }}</p>
<p class="pt-8"><a href="{{ preferences_url }}">Your preferences</a>
<a href="{{ unsubscribe_url }}">Unsubscribe</a></p></td></tr>
"""


def page() -> str:
    """Write the mail's HTML source, styles in a stylesheet, Jinja2 where a person's words go."""
    style = _BASIS + "\n".join(_UTILITIES + _GRID + _KINDS)
    cards = f"{{% for product in products %}}{_CARD}{{% endfor %}}"
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{{{{ subject }}}}</title><style>{style}</style></head><body>'
        '<table role="presentation" class="body" width="100%"><tr><td class="wrapper" align="center">'
        '<h1 class="size-28 ink-0 pt-32 pb-16">Hello {{ first_name }}</h1></td></tr>'
        f"<tr><td>{cards}</td></tr>{_FOOT}</table></body></html>"
    )
