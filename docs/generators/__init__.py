"""Functions that make pages from the code; `generate.py` lists them."""
