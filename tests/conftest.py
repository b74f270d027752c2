"""What all tests rely on."""

import os

#: Commands wrap what they print by it, and what they print is compared.
os.environ.pop("COLUMNS", None)
