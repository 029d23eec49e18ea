"""What stands before a classifier in the allow-list: each kind checked where it is used, with the columns it makes."""
