"""The cell language: text a person typed becomes values, and values become text again.

Pure: nothing here sends, looks a secret up, or knows Jupyter. `grammar` reads a cell, `template` fills one request,
`items` reads the line form, `options` is the one table of options, `form` nests a form, `export` writes `.http`, curl
and Python. The only disk access is `files`, which opens the file named by a `<` body.
"""
