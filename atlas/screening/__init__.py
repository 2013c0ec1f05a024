"""Screening: what each project site touches, how far the rest is, and how sure that is; never an approval."""
