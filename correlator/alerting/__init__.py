"""What is known of the cause of an alert: which incidents it belongs to, and the annotations that say so.

What lives here: what an alert's labels are about, matching with incidents, annotations, Alertmanager's fingerprints,
and which alerts are our own. Pure: the incidents are handed in, and the same alert over the same incidents gets the
same annotations to the last character.
What must not: I/O, the clock, the store, settings.
Who imports it: `web`, `delivery` and `daemon`.
"""
