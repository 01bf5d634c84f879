"""An ordinary pyinfra inventory: the group `web`. Put your own hosts here."""

web = [
    ("web1.example.org", {"ssh_user": "deploy", "base": "/srv/status-page", "service_port": 8080}),
    ("web2.example.org", {"ssh_user": "deploy", "base": "/srv/status-page", "service_port": 8080}),
]
