"""The number of the artifact format, alone, with the procedure for changing it.

A version of ours carries ``schema_version``. Files without it are plain artifacts (the guide's keys only).

To change the format:

1. Additions that old readers may ignore need no new number. Anything renamed, removed, or given another meaning does.
2. Before the change, write a file with the old code: ``tests/compat/write_fixtures.py`` puts a small one into
   ``tests/compat/files``. It is never rewritten: every old release's file stays and must load forever.
3. Raise SCHEMA_VERSION by one. Keep the old number in KNOWN_SCHEMA_VERSIONS.
4. Teach ``checks.py`` what the new number must hold, and let readers of the old number see the new names.
5. If the new format needs another class or function, add its exact name to ``safe_loading/allow_list/names.py`` with
   the function that builds it from checked parts, and a test that hostile arguments to it are refused.
6. A program that meets a newer number refuses it and says to upgrade; so a folder that old and new programs share
   is upgraded readers first, writers last.
"""

SCHEMA_VERSION = 1
KNOWN_SCHEMA_VERSIONS = frozenset({1})
