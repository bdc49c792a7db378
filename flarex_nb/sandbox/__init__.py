"""A real HTTP server that looks like the providers: loopback only, seeded, in a process of its own.

It shares no code with the package it tests, so that a fake cannot agree with our bugs. Other parts of the package
import `launch` and nothing else of this room.
"""
