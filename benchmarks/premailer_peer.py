"""The usual way, run in an environment of its own: render with Jinja2 and inline with premailer for every mail.

python premailer_peer.py FOLDER MAILS: reads page.jinja and context.json, prints the CPU seconds of each mail as JSON.
What premailer says of a stylesheet's oddities is not printed: that would only cost it time.
"""

import gc
import json
import logging
import sys
from pathlib import Path
from time import process_time

from jinja2 import Environment
from premailer import transform  # type: ignore[import-not-found]  # only in the environment that runs this


def main() -> None:
    """Make the mails."""
    folder, mails = Path(sys.argv[1]), int(sys.argv[2])
    environment = Environment(autoescape=True)
    environment.filters["money"] = str  # the prices come written out
    page = environment.from_string((folder / "page.jinja").read_text(encoding="utf-8"))
    context = json.loads((folder / "context.json").read_text(encoding="utf-8"))
    spent = []
    gc.freeze()
    for _ in range(mails):
        begun = process_time()
        inlined = transform(page.render(context), cssutils_logging_level=logging.CRITICAL)
        spent.append(process_time() - begun)
    (folder / "peer.html").write_text(inlined, encoding="utf-8")
    print(json.dumps(spent))  # noqa: T201  # its answer


if __name__ == "__main__":
    main()
