"""The room of tables: parsed records become a flat pandas DataFrame in which no value has changed.

Begin at `build`. Nothing here sends, reads a profile, or decides how a table looks.
"""
