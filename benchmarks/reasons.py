"""Why a target was missed the last time somebody looked, by subject; told only beside a row that did miss it."""

KNOWN = {
    "info": "after a write every answer is read anew, by statements that SQLAlchemy builds and runs in 1–3 ms; "
    "the guide's side is two looks at the folder and one unpickling.",
    "safe-load": "the allow-list is held while the file is read, and every node of every tree is checked before use; "
    "pickle.load does neither.",
    "one-row": "beside the trees (under 1 ms) the call reads the pointer, checks the frame's columns with pandas and "
    "tells members, weights and abstentions.",
    "first-forecast": "the pointer and the index entry are read by SQLAlchemy, which takes about as long as reading, "
    "checking and rebuilding the serving form.",
    "cold-process": "importing SQLAlchemy, pandas and pydantic takes as long as importing scikit-learn.",
    "thousand-keys": "as with the first forecast, the pointer and the index entry of every key are read anew.",
    "listing": "after a write the page is read anew: building and running two statements and 50 rows takes 1–3 ms.",
    "pointer-read": "after a write the pointer is read anew by SQLAlchemy, about 1 ms.",
    "pointer-move": "the transaction writes the pointer, a row of history with its hash, states and counts in eight "
    "statements and waits for the disk once; MLflow writes one row and waits once.",
    "training": "each worker imports its libraries once, and the four versions of a block do not end together.",
    "pages": "every part of a page is made by Streamlit in Python on every run, about a third of a millisecond each; "
    "finished charts and tables are sent again as they are.",
    "load": "scripts of one server share one interpreter: the reruns asked for take more of it than there is.",
}
UNEXPLAINED = "not explained yet."
