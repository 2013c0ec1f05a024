"""Screening: what each project site touches, how far it is from the rest, and how sure that is. A first screening only."""
