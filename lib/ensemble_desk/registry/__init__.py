"""Versions, the production pointer, serving, rollback with preflight, audit."""
