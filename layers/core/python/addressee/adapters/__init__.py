"""The only place that talks to AWS; one file per service."""
