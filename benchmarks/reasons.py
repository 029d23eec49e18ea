"""Why a target was missed the last time somebody looked, by subject; told only beside a row that did miss it."""

KNOWN = {
    "info": "after a write the pointer and the version are read anew; the target's time is less than the bare SELECT "
    "of one row takes then (the row of sqlite3 at the pointer read).",
    "safe-load": "the allow-list is held while the file is read, and every node of every tree is checked before use; "
    "pickle.load does neither.",
    "one-row": "the trees take a third of the call; the rest reads the pointer, checks the frame's columns with pandas "
    "and tells members, weights and abstentions.",
    "many-rows": "lean, edge and the bands of price members have come to the table; walking the trees takes "
    "most of the rest.",
    "first-forecast": "reading, checking and rebuilding the serving form takes most of it.",
    "cold-process": "importing pandas, which both sides need, takes most of what is left.",
    "thousand-keys": "as with the first forecast.",
    "listing": "after a write the page is read anew; the bare SELECT (the row of sqlite3) takes longer than the "
    "stricter target allows, and nearly as long as the other; 50 rows of 24 columns become values in another ms.",
    "pointer-read": "after a write the pointer is read anew; the target's time is less than the bare SELECT takes then "
    "(the row of sqlite3): a single call finds nothing of itself in the processor's caches.",
    "pointer-move": "a durable commit writes some twenty pages of tables and indexes and waits for the disk; so does, "
    "before it, the ledger, which must know of a move that the database may lose.",
    "verify": "chains, manifests and states of versions are checked besides, which costs the same for "
    "small files as for large.",
    "growth": "the versions of every state are summed over all keys for the number of pages.",
    "training": "each worker imports its libraries once, and the four versions of a block do not end together.",
    "pages": "every part of a page is made by Streamlit in Python on every run, about a third of a millisecond each; "
    "finished charts and tables are sent again as they are.",
    "load": "scripts of one server share one interpreter: the reruns asked for take more of it than there is.",
}
UNEXPLAINED = "not explained yet."
