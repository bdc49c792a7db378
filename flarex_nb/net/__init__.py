"""The wire: which addresses may be dialled, the connection, the bytes of one hop. Judges no answer."""
