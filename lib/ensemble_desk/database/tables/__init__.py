"""The tables of the present schema."""
