"""How good a version was when validated, and how good it has been since."""
