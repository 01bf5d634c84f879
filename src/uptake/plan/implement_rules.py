"""What must hold between the keys of the implement half, and between them and the audience.

Each rule appends to the mistakes and goes on. Single values are judged while reading (`value`, `form`);
here stands what takes two of them. Pure.
"""

import re
from decimal import Decimal

from uptake.core.problem import Where
from uptake.plan.access_rules import check_access
from uptake.plan.adjust_rules import check_rules
from uptake.plan.ask_rules import check_ask
from uptake.plan.deploy_rules import check_freezes, check_tasks, is_instant, zone_of
from uptake.plan.fact import Facts, People
from uptake.plan.hint import did_you_mean
from uptake.plan.model import Implement
from uptake.plan.outcome_rules import check_outcomes
from uptake.plan.placeholder import keys_in, placeholders
from uptake.plan.pull_rules import check_pulls
from uptake.plan.read import ReadPlan
from uptake.plan.source import Places
from uptake.plan.train_rules import check_train
from uptake.plan.value import Mistakes

SETTINGS_LEAST = 2
"""Settings of each wave where settings are drawn: with one alone, wave and setting cannot be told apart."""
_HEADING = re.compile(r"\A\s*# +\S")
MAIL_COLUMN = "email"
"""The column that holds a person's address."""


def check_implement(read: ReadPlan, implement: Implement, facts: Facts, mistakes: Mistakes) -> None:
    """Every rule of the implement half whose values were read without mistake."""
    known = read.is_whole("implement.audience")
    if known:
        _audience(read, implement, facts.people, mistakes)
        _announce_to(read, implement, facts, mistakes)
        _strata(read, implement, mistakes)
    if read.is_whole("mail") and implement.announce and read.plan.mail is None:
        hint = 'add `mail: {server: "env:SMTP_URL", from: you@example.org}`'
        where = read.where("implement.announce")
        mistakes.add("UP206", where, "`announce` sends mail, and the plan has no `mail`", hint)
    if read.is_whole("implement.waves.start"):
        _start(read, implement, mistakes)
    if read.is_whole("implement.waves.sizes", "implement.waves.holdout"):
        whole = _sizes(read, implement, mistakes) and read.is_whole("implement.waves")
        if whole and known and facts.people is not None:
            _dealt(read, implement, facts.people, mistakes)
    check_access(read, implement.expose.access, columns_of(implement) if known else (), mistakes)
    if read.is_whole("implement.adoption"):
        _level(read, implement, mistakes)
    check_freezes(read, implement.freeze, "implement.freeze", mistakes)
    check_tasks(read, implement.tasks, "implement.tasks", mistakes)
    check_pulls(read, mistakes)
    check_train(read, implement, mistakes)
    check_ask(read, implement, mistakes)
    check_outcomes(read, implement, mistakes)
    check_rules(read, implement, mistakes)
    if read.plan.deploy is None and "implement.requires" in read.marks and implement.requires == "deployed":
        what = "`requires: deployed` needs a deploy half, and this plan has none"
        mistakes.add("UP217", read.value("implement.requires"), what, "write `requires: nothing`, or add `deploy:`")


def columns_of(implement: Implement) -> tuple[str, ...]:
    """The columns that are known of a person: the id, the setting, the attributes."""
    audience = implement.audience
    return tuple(dict.fromkeys(filter(None, (audience.id, audience.setting, *audience.attributes))))


def _audience(read: ReadPlan, implement: Implement, people: People | None, mistakes: Mistakes) -> None:
    """The columns are there, each named once."""
    audience = implement.audience
    named = [("implement.audience.id", audience.id), ("implement.audience.setting", audience.setting)]
    attributes = [(f"implement.audience.attributes.{i}", name) for i, name in enumerate(audience.attributes)]
    for i, (path, name) in enumerate(attributes):
        if name in audience.attributes[:i]:
            mistakes.add("UP213", read.value(path), f"the attribute `{name}` is listed twice", "keep one of them")
    if people is None:
        return
    for path, name in (*named, *attributes):
        if name and name not in people.columns:
            what = f"{audience.from_} has no column `{name}`"
            near = did_you_mean(name, people.columns)
            hint = near or f"its columns: {', '.join(people.columns)}"
            mistakes.add("UP202", read.value(path), what, hint)


def _strata(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """Nobody is drawn by a column that is not known."""
    waves, known = implement.waves, columns_of(implement)
    if waves.assign_by == "setting" and not implement.audience.setting and read.is_whole("implement.waves.assign_by"):
        what = "`assign_by: setting` needs `setting` in `audience`"
        hint = "add `setting: COLUMN` to `audience`, or write `assign_by: person`"
        mistakes.add("UP205", read.value("implement.waves.assign_by"), what, hint)
    for i, column in enumerate(waves.stratify):
        if read.is_whole(f"implement.waves.stratify.{i}") and (column not in known or column == known[0]):
            what = f"`stratify` must name attributes of the audience; found `{column}`"
            hint = did_you_mean(column, known[1:]) or f"add `{column}` to `attributes` of `audience`"
            mistakes.add("UP206", read.value(f"implement.waves.stratify.{i}"), what, hint)


def _start(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """The start can be read."""
    start = implement.waves.start
    if start != "deployed" and not is_instant(start, zone_of(read)):
        what = f"`start` must be `deployed`, a date or a date and time; found `{start}`"
        hint = did_you_mean(start, ["deployed"])
        hint = hint if hint.startswith("did") else "write deployed, 2027-01-11 or 2027-01-11T09:00"
        mistakes.add("UP210", read.value("implement.waves.start"), what, hint)


def _sizes(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> bool:
    """Whether the sizes make up the whole audience."""
    waves = implement.waves
    where = read.where("implement.waves.sizes")
    total = sum((Decimal(repr(share)) * 100 for share in (*waves.sizes, waves.holdout)), Decimal())
    over = total - 100
    if not waves.sizes:
        mistakes.add("UP203", where, "`sizes` names no wave", "write [50%, 50%], say")
    elif 0.0 in waves.sizes:
        where = read.value(f"implement.waves.sizes.{waves.sizes.index(0.0)}")
        mistakes.add("UP203", where, "a wave of 0% would be empty", "take it out, or give it a share")
    elif over:
        parts = "`sizes` and `holdout`" if waves.holdout else "`sizes`"
        what = f"{parts} must add up to 100%; found {total.normalize():f}%"
        less, more = f"take {over.normalize():f}% away", f"add {-over.normalize():f}% to a wave, or as `holdout`"
        mistakes.add("UP203", where, what, less if over > 0 else more)
    else:
        return True
    return False


def _dealt(read: ReadPlan, implement: Implement, people: People, mistakes: Mistakes) -> None:
    """Each wave gets somebody; where settings are drawn, two of them at least."""
    waves = implement.waves
    drawn_settings = waves.assign_by == "setting" and waves.order == "random"
    least = SETTINGS_LEAST if drawn_settings else 1
    unit = "setting" if waves.assign_by == "setting" else "person"
    for i, count in enumerate(people.dealt):
        if count >= least:
            continue
        who = f"wave {i + 1}" if i < len(waves.sizes) else "the holdout"
        path = f"implement.waves.sizes.{i}" if i < len(waves.sizes) else "implement.waves.holdout"
        total = sum(people.dealt)
        what = f"{who} would get {count} of {total} {unit}{'' if total == 1 else 's'}, too few to draw"
        hint = "make it larger, or make fewer waves"
        if drawn_settings:
            what = f"{who} would get {count} of {total} settings; where settings are drawn, it needs {least}"
            hint += "; `assign_by: person` draws people, `order: listed` draws nobody"
        mistakes.add("UP204", read.value(path), what, hint)


def _level(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """Counts by setting come from a source, and are of waves that hold whole settings."""
    adoption, path = implement.adoption, "implement.adoption"
    if adoption.level != "setting":
        return
    if implement.waves.assign_by != "setting" and read.is_whole("implement.waves.assign_by"):
        what = "`level: setting` counts whole settings, and the waves are of persons"
        hint = "write `assign_by: setting` in `waves`, or `level: person`"
        mistakes.add("UP206", read.value(f"{path}.level"), what, hint)
    if adoption.from_ is None:
        what = "`level: setting` needs `from`: what applications post is about single people"
        mistakes.add("UP206", read.value(f"{path}.level"), what, "add `from: {csv: usage.csv}` to `adoption`")
    if adoption.count != 1:
        what = f"`count: {adoption.count}` has no meaning beside `level: setting`: the source tells people, not uses"
        mistakes.add("UP212", read.value(f"{path}.count"), what, "write `count: 1`")


def _announce_to(read: ReadPlan, implement: Implement, facts: Facts, mistakes: Mistakes) -> None:
    """Mail needs a column with addresses, and texts that ask for columns there are."""
    for i, words in enumerate(implement.announce):
        _person_keys(implement, read.value(f"implement.announce.{i}.subject"), words.subject, mistakes)
        text = facts.texts.get(words.text)
        if text is None:
            continue
        _text_keys(implement, words.text, text, mistakes)
        if not words.subject and _HEADING.match(text) is None and read.is_whole(f"implement.announce.{i}"):
            what = f"this mail has no subject: `subject` is missing, and {words.text} begins with no heading"
            where = read.value(f"implement.announce.{i}.text")
            mistakes.add("UP206", where, what, "begin the text with `# Subject`, or add `subject:`")
    if implement.announce and MAIL_COLUMN not in columns_of(implement):
        what = f"`announce` sends mail, and `{MAIL_COLUMN}` is none of the audience's columns"
        hint = f"add `{MAIL_COLUMN}` to `attributes` of `audience`"
        mistakes.add("UP206", read.where("implement.announce"), what, hint)


def _text_keys(implement: Implement, file: str, text: str, mistakes: Mistakes) -> None:
    """A text's placeholders are columns of the audience."""
    places, known = Places(text, file=file), (*columns_of(implement), "id")
    for name, offset in placeholders(text):
        head, _, key = name.partition(".")
        if head == "person" and key not in known:
            where = places.where(offset, offset + len(name) + 2)
            hint = did_you_mean(key, known) or f"add `{key}` to `attributes` of `audience`"
            mistakes.add("UP202", where, f"`{{{name}}}`: the audience has no column `{key}`", hint)
        elif head in {"version", "host", "data"}:
            where = places.where(offset, offset + len(name) + 2)
            mistakes.add("UP134", where, f"`{{{name}}}` has no meaning in a mail", "what is filled here: {person.KEY}")


def _person_keys(implement: Implement, where: Where, value: object, mistakes: Mistakes) -> None:
    """The placeholders of a value in the plan are columns of the audience."""
    known = (*columns_of(implement), "id")
    for key in keys_in(value, "person"):
        if key not in known:
            hint = did_you_mean(key, known) or f"add `{key}` to `attributes` of `audience`"
            mistakes.add("UP202", where, f"`{{person.{key}}}`: the audience has no column `{key}`", hint)
