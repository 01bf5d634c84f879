"""What must hold of surveys and help: links can be reached, letters can leave, and nobody is asked too late.

Each rule appends to the mistakes and goes on.
"""

from uptake.plan.model import Implement
from uptake.plan.read import ReadPlan
from uptake.plan.value import Mistakes

MAIL_COLUMN = "email"


def check_ask(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """Every rule of `ask`, `support` and `web`."""
    web = read.plan.web
    if web is not None and read.is_whole("web.url") and not web.url.startswith(("https://", "http://")):
        what = f"`url` must be the address at which people reach `serve`; found `{web.url}`"
        mistakes.add("UP125", read.value("web.url"), what, "write https://uptake.example.org")
    if not implement.ask:
        return
    where = read.where("implement.ask")
    if web is None and read.is_whole("web"):
        hint = "add `web: {url: https://uptake.example.org}`"
        mistakes.add("UP206", where, "`ask` sends links, and nobody knows to where: the plan has no `web`", hint)
    if read.plan.mail is None and read.is_whole("mail"):
        hint = 'add `mail: {server: "env:SMTP_URL", from: you@example.org}`'
        mistakes.add("UP206", where, "`ask` sends mail, and the plan has no `mail`", hint)
    columns = (implement.audience.setting, *implement.audience.attributes)
    if read.is_whole("implement.audience") and MAIL_COLUMN not in columns:
        what = f"`ask` sends mail, and `{MAIL_COLUMN}` is none of the audience's columns"
        mistakes.add("UP206", where, what, f"add `{MAIL_COLUMN}` to `attributes` of `audience`")
