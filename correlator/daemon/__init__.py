"""The only place that loops, sleeps and reads the clock: an engine process that judges, a web process that answers.

What lives here: the composition of everything from settings, the engine's loop, its process, the supervisor of that
process, the server. What must not: statistics, SQL, PromQL, HTML. Who imports it: `cli`.
"""
