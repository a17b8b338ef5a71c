"""Messages in, normalised events out: the Segment spec, validation, clock skew."""
