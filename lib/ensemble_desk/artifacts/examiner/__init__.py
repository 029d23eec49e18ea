"""The examiner: a process of its own that opens files nobody has registered, within limits of memory and time."""
