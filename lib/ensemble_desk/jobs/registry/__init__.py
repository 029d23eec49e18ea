"""Commands about versions and what is in production."""
