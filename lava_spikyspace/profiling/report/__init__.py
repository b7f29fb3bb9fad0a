"""A run as one page that can be handed on: contents, page, text."""
