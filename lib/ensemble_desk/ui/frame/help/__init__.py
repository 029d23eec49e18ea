"""What helps a visitor: the meaning of words, a few sentences about each page, and what a person has marked."""
