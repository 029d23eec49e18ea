"""Where the work on many keys is done: in this process, on this machine's cores or on a cluster; and on which keys."""
