"""Suite `ingest`: reading messages against json + pydantic, and folding a shard's records in the real handler."""

from benchmarks.ingest_decode import ingest_decode
from benchmarks.ingest_shard import ingest_shard
from benchmarks.rows import write


def main() -> None:
    """Run both cases, print the table, write the rows."""
    write("ingest", [*ingest_decode(), *ingest_shard()])


if __name__ == "__main__":
    main()
