"""What others do meanwhile: moves made elsewhere, what a person has not seen yet, notes, and links to all of it."""
