"""What `make up` prints can be read by a shell."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from twin.process import Twin
from twin.up import show

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:AddresseeData-Keys-abc"


def test_names_are_printed_as_they_are_one_a_line():
    """No picture where `:secret:` stands, no line broken, no output that is CDK's own."""
    printed = StringIO()
    outputs = {"ApiUrl": "http://localhost:4600/x", "KeysSecret": ARN, "ExportsOutputRef": "internal"}
    show(Console(file=printed, width=40), Twin(Path("nowhere"), 4600), outputs, {"write": "adr_write_[b]"})
    assert printed.getvalue().splitlines()[1:] == [
        "API=http://localhost:4600/x",
        "WRITE_KEY=adr_write_[b]",
        "AWS_ENDPOINT_URL=http://localhost:4600",
        f"KeysSecret={ARN}",
    ]
