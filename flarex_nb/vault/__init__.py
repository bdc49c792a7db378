"""Secrets: kept encrypted, shown by name, bound to hosts, revealed for one send, masked in output.

`ref` names a secret, `store` keeps values, `sources` says where one comes from, `reveal` gives one to a send, `redact`
masks them in text, `scan` finds keys somebody typed, `facade` is what a person holds. Import the module you need: some
load the cryptography package.
"""
