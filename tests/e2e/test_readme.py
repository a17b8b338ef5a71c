"""The README's calls work as they are written."""

import base64
import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

from tests.e2e.stack import Stack, until

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
CALLS = re.findall(r"^curl .*$", README, re.MULTILINE)
FLAGS = {"-X": "method", "-d": "data", "-u": "user", "-H": "header"}


def run(stack: Stack, line: str) -> Any:
    """Send what curl would send; the machine need not have curl."""
    names = {"API": "", **{f"{scope.upper()}_KEY": key for scope, key in stack.keys.items()}}
    words = iter(shlex.split(Template(line).substitute(names))[1:])
    given: dict[str, str] = {}
    for word in words:
        if word in FLAGS:
            given[FLAGS[word]] = next(words)
        elif not word.startswith("-"):
            given["path"] = word
    headers = dict([given["header"].split(": ")]) if "header" in given else {}
    if "user" in given:
        headers["authorization"] = "Basic " + base64.b64encode(given["user"].encode()).decode()
    headers["content-type"] = "application/x-www-form-urlencoded"  # what curl says of -d
    body = given["data"].encode() if "data" in given else None
    reply = stack.call(given.get("method", "GET"), given["path"], body, headers=headers)
    assert reply.status == 200, (line, reply)
    return reply.body


def test_the_five_calls_go_once_around(stack: Stack):
    """Catalogue, person, purchase, decision, recommendations."""
    assert len(CALLS) == 5
    for line in CALLS[:3]:
        run(stack, line)
    until(lambda: (state := stack.state(stack.subject("ada"))) and state.orders >= 1)
    decision = run(stack, CALLS[3])
    assert decision["mail"] is True
    assert [each["itemId"] for each in decision["products"]] == ["tea-2"]
    assert run(stack, CALLS[4])
