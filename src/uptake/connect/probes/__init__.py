"""The Probes port on real hosts: checks that outlive runs. `worker` asks, `connect.check` looks.

It reports changes of health and when they came; whether that is enough is a gate's matter. On the ring this
is part of observe, and a change wakes the loop.
"""
