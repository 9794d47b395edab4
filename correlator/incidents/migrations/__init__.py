"""The history of the schema, one file a change, run when a store is opened. Never edit one that was released."""
