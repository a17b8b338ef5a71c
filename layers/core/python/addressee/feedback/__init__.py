"""What people did with a mail, and whether it worked."""
