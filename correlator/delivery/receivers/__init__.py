"""Who is told of alerts, each in its own language: a webhook like Alertmanager's, Slack, PagerDuty, any HTTP request.

What is sent is made of the notice alone: sent again, it is the same. What a receiver will never take is refused, and
becomes a dead letter; whatever may pass is tried again.
"""
