"""The `addressee` command, the demo data and the demo."""
