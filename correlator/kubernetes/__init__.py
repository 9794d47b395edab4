"""Asks the Kubernetes API who runs where and claims what, and puts it beside what Prometheus' series tell.

What lives here: the connection, a list-and-watch loop for each kind of object, small records of what matters in them,
and the Source that turns records into the info frames that kube-state-metrics' series make otherwise.
What must not: statistics, topology, the store. Followers only read; what is written, `delivery` writes.
Who imports it: `daemon`; `delivery`, for the connection.

What is said of the API's answers is a `BlindSpot` with the signal `kubernetes/<objects>`, or that of the frame, whose
reason starts with one of these words:

    unlisted     the objects were never listed: the series alone tell of them
    stale        the API has not answered for a while: what it said before is used for some minutes more
    refused      the API does not let us read these objects
    odd          objects that could not be read are left out
    differs      the series say something else: the API counts
"""
