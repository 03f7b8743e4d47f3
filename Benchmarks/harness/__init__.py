"""Runs engines in turn on one machine and compares them. Needs Python's standard library only."""
