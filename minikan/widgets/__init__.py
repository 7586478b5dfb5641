"""Explorables: a picture and a few controls for each idea that is easier to move than to read about."""
