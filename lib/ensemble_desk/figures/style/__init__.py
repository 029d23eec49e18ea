"""Colours and manners that all figures share."""
