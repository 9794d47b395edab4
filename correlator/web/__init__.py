"""Answers people and programs over HTTP: REST, metrics, the stream of events, and a page.

What lives here: the application, a router for each resource, templates and static files. Everything is read from
the newest snapshot, the store's read side and the engine's status, which `WebState` hands in.
What must not: fetching, judging, writing to the store (but a person's feedback), any loop but the stream's.
Who imports it: the daemon.
"""
