"""Fetches frames: from Prometheus, from a recording, and from a recording played as if it were now.

What lives here: PromQL over HTTP, the recording format, and what makes their answers equal (steps, labels, staleness).
What must not: statistics, thresholds of the engine, topology, the store.
Who imports it: `inquiry`, the commands and the daemon; each module by its own name, since the Prometheus client is
slow to import and a recording does not need it.

Every source keeps `correlator.model.source.Source`. What a source says of its own answers is a `BlindSpot` whose reason
starts with one of these words:

    failed       the question was not answered: the frame is empty
    partial      the server says that part of the data is missing
    warning      the server's own warning
    info         the server's own remark
    duplicate    several series had one identity: the largest value of each step is kept
    odd          samples with repeated, unordered or unasked timestamps, or of a kind that is not read
    clock        (signal `clock`) the server's clock and ours differ
    unknown      the update interval could not be found, so stale values are not told from constant ones
"""
