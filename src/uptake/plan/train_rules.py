"""What must hold of training: letters can leave, courses are told apart, and what is needed can be known.

Each rule appends to the mistakes and goes on. Whether there are seats enough is seen when they are given.
"""

from uptake.plan.model import Implement
from uptake.plan.read import ReadPlan
from uptake.plan.value import Mistakes

PATH = "implement.train"
MAIL_COLUMN = "email"


def check_train(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """Every rule of `train`."""
    train = implement.train
    if train is None or not read.is_whole(PATH):
        return
    if not train.path:
        mistakes.add("UP206", read.value(f"{PATH}.path"), "`path` names no course", "write [basics], say")
    for i, course in enumerate(train.path):
        if course in train.path[:i]:
            where = read.value(f"{PATH}.path.{i}")
            mistakes.add("UP213", where, f"the course `{course}` is listed twice", "keep one of them")
    if not train.invite.is_negative():
        what = f"`invite` lies before a wave's opening; found `{train.invite}`"
        mistakes.add("UP121", read.value(f"{PATH}.invite"), what, f"write -{train.invite}")
    if train.needed and train.completions is None:
        what = "`needed` asks who is trained, and nobody tells: `completions` is missing"
        hint = "add `completions: {csv: completions.csv}`"
        mistakes.add("UP206", read.where(f"{PATH}.needed"), what, hint)
    if read.is_whole("mail") and read.plan.mail is None:
        hint = 'add `mail: {server: "env:SMTP_URL", from: you@example.org}`'
        mistakes.add("UP206", read.where(PATH), "`train` invites by mail, and the plan has no `mail`", hint)
    columns = (implement.audience.setting, *implement.audience.attributes)
    if read.is_whole("implement.audience") and MAIL_COLUMN not in columns:
        what = f"`train` invites by mail, and `{MAIL_COLUMN}` is none of the audience's columns"
        mistakes.add("UP206", read.where(PATH), what, f"add `{MAIL_COLUMN}` to `attributes` of `audience`")
