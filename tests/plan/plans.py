"""Plans that the tests of this room share."""

WHOLE = """\
plan: helpdesk
title: Roundup replaces the shared mailbox
owner: it-services@example.org
timezone: Europe/Berlin
why: Requests get lost in the mailbox.

deploy:
  service: helpdesk
  version: 1.10
  environment: production
  hosts: {inventory: inventory.csv, group: web, serves: site}
  infrastructure:
    - files.directory: {path: /srv/helpdesk, mode: "755", _sudo: true}
    - apt.update
  configuration:
    - run: configure.py
    - release: {src: "build/helpdesk-{version}.tar.gz", dest: /srv/helpdesk}
    - shell: "echo ${HOME} {data.color}"
    - server.shell: "systemctl restart helpdesk"
  tests:
    - http: {url: "http://{host}:8080/t/", expect: 200, contains: Welcome}
    - http: "http://{host}:8080/t/"
      expect: 204
    - tcp: "{host}:8080"
    - command: [curl, "http://{host}/a b"]
      expect: 1
  update:
    canary: 1
    max_parallel: 25%
    stagger: 10s
    health:
      checks: [{http: "http://{host}:8080/t/", expect: 200}]
      interval: 2s
    on_failure: hold
  deadline: 2026-12-01T18:00

implement:
  audience: {from: people.csv, id: employee_id, setting: team, attributes: [site, role, email]}
  waves: {assign_by: setting, sizes: [10%, 20%, 30%, 30%], holdout: 10%, stratify: [site], every: 4w}
  expose:
    flag: new-helpdesk
    access:
      http:
        grant:
          method: post
          url: "https://helpdesk.example.org/users"
          headers: {Authorization: "env:HELPDESK_AUTH"}
          body: {user: "{person.email}", seats: 1, beta: true, rate: 0.5, level: 1.10, note: null}
          already: [409]
        withdraw: {method: DELETE, url: "https://helpdesk.example.org/users/{person.email}", absent: [404]}
  gate: {adoption: 60%, at: +21d, else: hold, hold_at_most: 4w, min_people: 10}
  announce: [{at: -14d, to: wave, via: [email], text: texts/coming.md, subject: "{person.email}, soon"}]
  adoption: {event: ticket.created, count: 3, within: 21d, target: 80%, replaces: mail.sent}
  adjust:
    - {when: {measure: adoption, below: 40%, at: +14d}, do: notify}
mail: {server: "env:SMTP_URL", from: it-services@example.org}
notify: ["env:CHAT_URL"]
"""
"""A plan that uses nearly every form once."""
