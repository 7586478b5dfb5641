"""Explorables: one small picture with at most three controls for each idea that is easier to move than to read."""
