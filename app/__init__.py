"""The rooms with windows: everything a visitor sees."""
