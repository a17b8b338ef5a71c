"""Whether, what and when to mail, each with its reason."""
