"""``data_schema``: a contract over the columns and rows of a table.

The contract language is Great Expectations': suite JSON as GX 1.x writes it, or the same ``type``
and ``kwargs`` inline. Common expectations are evaluated natively, all in one scan where their plan
allows it, with the semantics of GX's pandas engine on every backend; all others run in GX itself.
"""
