"""Training tables in the Models bucket: the newest whole ones, and reading them."""

from addressee.adapters.s3 import S3Bucket
from addressee.models.chunks import MANIFEST
from addressee.models.table_files import read_tables, tables_prefix
from addressee.models.tables import Tables

PREFIX = "tables/as_of="


class TablesMissing(Exception):
    """A file of the training tables is not where it should be."""


def newest_tables(models: S3Bucket) -> str:
    """Return the latest day of which there are whole tables, ISO 8601, or nothing: their manifest is written last."""
    keys = (key.removeprefix(PREFIX).partition("/") for key, _, _ in models.keys(PREFIX))
    return max((day for day, _, name in keys if name == MANIFEST), default="")


def tables_of(models: S3Bucket, as_of: str) -> Tables:
    """Read the tables of a day. Raises `TablesMissing`."""

    def read(name: str) -> bytes:
        stored = models.get(tables_prefix(as_of) + name)
        if stored is None:
            raise TablesMissing(tables_prefix(as_of) + name)
        return stored.body

    return read_tables(read)
