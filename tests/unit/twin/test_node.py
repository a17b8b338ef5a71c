"""Which Node will do."""

import pytest

from twin.node import BIN, is_supported, machine_path, major_of


@pytest.mark.parametrize(("printed", "major"), [("v22.11.0\n", 22), ("v9.0.0", 9), ("", 0), ("node: not found", 0)])
def test_the_major_version_is_read_from_what_node_prints(printed, major):
    """Anything else counts as no Node."""
    assert major_of(printed) == major


@pytest.mark.parametrize("version", ["v22.0.0", "v24.4.1", "v26.0.0"])
def test_long_term_majors_are_taken(version):
    """Even ones, from the oldest that still gets fixes."""
    assert is_supported(version)


@pytest.mark.parametrize("version", ["v12.22.0", "v20.19.0", "v23.1.0", "v25.0.0", ""])
def test_old_and_short_lived_majors_are_not(version):
    """Ended, odd, or none at all."""
    assert not is_supported(version)


def test_our_own_links_are_never_taken_for_the_machines_node():
    """`make` puts them first on the path; linked to themselves, neither node nor cdk would start again."""
    assert machine_path(f"{BIN}:/usr/bin::{BIN}/:/bin") == "/usr/bin:/bin"
