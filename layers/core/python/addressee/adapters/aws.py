"""AWS clients: botocore without boto3's resource layer, mostly one per service and process."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session


@cache
def session() -> "Session":
    """Return the process's one botocore session."""
    from botocore.session import Session  # noqa: PLC0415  # the send path does without botocore, see plain_aws

    return Session()


def new_client(
    service: str,
    *,
    read_timeout_seconds: float = 10,
    connect_timeout_seconds: float = 2,
    attempts: int = 3,
) -> Any:  # noqa: ANN401  # botocore has no static types
    """Create a client for `service`; endpoint, region and credentials come from the environment, as on Lambda.

    One at a time: a session makes clients for one thread only.
    """
    from botocore.config import Config  # noqa: PLC0415  # as above

    config = Config(
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=32,
        s3={"addressing_style": "path"},
    )
    return session().create_client(service, config=config)


client = cache(new_client)
"""The process's own client for a service and its patience."""
