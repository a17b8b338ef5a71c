"""Events folded into one small profile per person; features declared once."""
