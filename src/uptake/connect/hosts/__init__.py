"""The Hosts port on real hosts: pyinfra in one child process per run, fenced on the host.

`worker` stands in the controller, `child` is the process, `fence` makes every command run once,
`inventory` reads who the hosts are. Nothing here decides; on the ring this is act, for hosts.
"""
