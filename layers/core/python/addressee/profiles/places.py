"""Codes of countries and languages: two letters as a number, the same in Python and in DuckDB."""

LETTERS = 26
OTHER = LETTERS * LETTERS + 1
"""What is said in other words than two letters."""
_FIRST = ord("A")


def letters_code(text: str) -> int:
    """Return 1 to 676 for two ASCII letters, whatever their case; 0 for anything else."""
    if len(text) != 2 or not (text.isascii() and text.isalpha()):  # noqa: PLR2004  # two letters
        return 0
    high, low = (ord(letter) - _FIRST for letter in text.upper())
    return 1 + LETTERS * high + low


def letters_of(code: int) -> str:
    """Return the two capital letters of a code from 1 to 676."""
    high, low = divmod(code - 1, LETTERS)
    return chr(_FIRST + high) + chr(_FIRST + low)
