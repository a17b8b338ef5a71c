"""What a template may be made of: a part of Jinja2 in which the work is bounded by what goes in."""

from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_SOURCE_BYTES = 256 * 1024
MAX_LOOP_DEPTH = 2
_STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.ExprStmt)
_EXPRESSIONS = (
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Const, nodes.List, nodes.Tuple, nodes.Filter),
    *(nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Add, nodes.Sub),
    *(nodes.Concat, nodes.Neg, nodes.Keyword, nodes.FloorDiv, nodes.Dict, nodes.Pair),
)


class Misuse(NamedTuple):
    """Something that a template must not hold, and the line of its source."""

    line: int
    what: str


def misuses(environment: ImmutableSandboxedEnvironment, source: str) -> Iterator[Misuse]:
    """List what a source must not hold; nothing is run.

    Allowed are expressions, `if`, and `for` over what goes in, two deep. There are no calls, assignments, macros,
    includes and no multiplication: each of them can make a small text grow without bound.
    """
    if len(source.encode()) > MAX_SOURCE_BYTES:
        yield Misuse(1, f"the source is larger than {MAX_SOURCE_BYTES} bytes")
        return
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        yield Misuse(error.lineno, f"is no Jinja2: {error.message}")
        return
    yield from _walk(environment, tree, 0)


def names_read(environment: ImmutableSandboxedEnvironment, source: str) -> set[str]:
    """Return the names that a source reads from outside."""
    return find_undeclared_variables(environment.parse(source))


def _walk(environment: ImmutableSandboxedEnvironment, node: nodes.Node, depth: int) -> Iterator[Misuse]:
    if not isinstance(node, _STATEMENTS + _EXPRESSIONS):
        yield Misuse(node.lineno, f"{type(node).__name__.lower()} is not part of a template's language")
        return
    if isinstance(node, nodes.Filter) and node.name not in environment.filters:
        yield Misuse(node.lineno, f"there is no filter {node.name}; there are {', '.join(sorted(environment.filters))}")
    if isinstance(node, nodes.Test) and node.name not in environment.tests:
        yield Misuse(node.lineno, f"there is no test {node.name}")
    if isinstance(node, nodes.For):
        depth += 1
        yield from _loop(node, depth)
    for child in node.iter_child_nodes():
        yield from _walk(environment, child, depth)


def _loop(node: nodes.For, depth: int) -> Iterator[Misuse]:
    if depth > MAX_LOOP_DEPTH:
        yield Misuse(node.lineno, f"loops stand in one another more than {MAX_LOOP_DEPTH} deep")
    if node.recursive:
        yield Misuse(node.lineno, "a loop must not be recursive")
