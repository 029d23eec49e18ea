"""All that can be known of a version before it goes live."""
