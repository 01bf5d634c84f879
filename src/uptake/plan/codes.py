"""The codes of a plan's problems, and what each means: the one place where they are documented.

UP0xx: the file itself. UP1xx: what the text alone shows (`read_plan`). UP2xx: what keys say together, or
what files and people show (`check`). `uptake explain UP120` prints the meaning. A code is never used again
for something else.
"""

CODES: dict[str, str] = {
    "UP001": "The plan file cannot be opened.",
    "UP003": "`uptake init` would have to overwrite a file, or cannot write one.",
    "UP101": "The file is not UTF-8. Save it as UTF-8; nothing is guessed.",
    "UP102": "The text is not YAML. The place is where reading stopped; the cause often stands just before it.",
    "UP103": "The file is not one document of keys and values: it is empty, a list, several documents, or has a key "
    "that is no word.",
    "UP104": "A key is there twice. YAML readers disagree on which one wins, so neither does.",
    "UP105": "A YAML tag (`!...`) or a merge key (`<<`). They hide what a plan says, so plans do without.",
    "UP107": "The plan is too large, too deep, or grows too large through aliases.",
    "UP110": "A key that no plan has at this place. Nothing in a plan is silently ignored.",
    "UP111": "A key is missing that this section cannot do without.",
    "UP112": "A key, check or act of the design that this version of Uptake has not. The hint says what to do today.",
    "UP113": "A list stands where keys are wanted, a text where a list is wanted, and the like.",
    "UP114": "A key without a value. Write one, or take the key away.",
    "UP120": "A share is written as a percentage: 60%. A bare number could mean 60% or sixty.",
    "UP121": "A duration is a number and a unit: 30s, 10m, 2h are elapsed time, 7d and 4w calendar days in the plan's "
    "time zone. Only an announcement's `at` may be negative.",
    "UP122": "A whole number is wanted, sometimes within a range.",
    "UP123": "Only a few words are possible here.",
    "UP124": "A name has characters that it cannot have.",
    "UP125": "An address or a command cannot be one as it is written.",
    "UP126": "A size has a unit, such as 512 MB or 2 GiB; a version is compared as in PEP 440, such as >=3.10.",
    "UP130": "No step and no pyinfra operation has this name.",
    "UP131": "A step has an argument that it does not take, or lacks one that it needs. Names are those of the pyinfra "
    "that this version was made for.",
    "UP132": "A step is one name with its arguments: `- files.directory: {path: /srv/app}`.",
    "UP133": "A check is http, tcp, command or test: `- http: {url: ..., expect: 200}`; test files belong in `tests` "
    "alone.",
    "UP134": "A placeholder that nobody fills. There are {version}, {host} and {data.KEY} in the deploy half, "
    "{person.KEY} in mails and in access, {found} in access by HTTP, {act} in an access command. A brace with a space "
    "after it is left alone.",
    "UP201": "A file that the plan names is not there. Paths begin at the plan's own folder.",
    "UP202": "A column or value is asked for that the file or the hosts do not have.",
    "UP203": "The waves' sizes and the holdout must make up the whole audience: exactly 100%.",
    "UP204": "A wave would get nobody, or a single setting where settings are drawn: its setting and its wave could "
    "then not be told apart.",
    "UP205": "Waves of settings need `audience.setting`, the column that says to which setting a person belongs.",
    "UP206": "A key needs another one: mail needs `mail`, a subject and an `email` column; `serves` and `stratify` "
    "need columns of the audience.",
    "UP207": 'A secret in clear text. Write "env:NAME", "file:PATH", "keyring:SERVICE/NAME" or "command:WORDS"; it is '
    "then read at the last moment, and is in no ledger, log or page.",
    "UP208": "The time zone is not an IANA name such as Europe/Berlin.",
    "UP209": "This is no mail address.",
    "UP210": "This is no date and no date-time. Write 2027-01-11 or 2027-01-11T09:00.",
    "UP211": "A rule says too little, or can never hold.",
    "UP212": "Exactly one of several ways must be chosen, or a key has no meaning beside another.",
    "UP213": "The same name is listed twice.",
    "UP215": "The health gate could not do its work: it has no check, or a deadline that no host can meet.",
    "UP216": "The plan has neither a deploy nor an implement half.",
    "UP217": "The implement half waits for hosts that this plan does not deploy.",
    "UP218": "An access command could not know what it is asked: one of its words must be {act}.",
    "UP219": "There is nothing of this name to explain.",
    "UP220": "An outcome could not be told: its last look is when every wave may be open, it is of units that no wave "
    "is drawn of, or of waves that nobody drew.",
    "UP401": "A warning: people are trained for an opening of which nobody knows yet whether it comes, since the gate "
    "of the wave before is judged later.",
    "UP402": "A warning: a rehearsal, in which behaviour is made up, never reaches the plan's own target.",
    "UP403": "A warning: the data of an outcome do not know all settings or people, so waves cannot be compared.",
    "UP404": "A warning: the data of an outcome hold nothing from before the first wave opens.",
    "UP405": "A warning: the plan could hardly show the effect that it wants, by how its outcome varied before.",
    "UP406": "A warning: nobody draws the order of the waves, so an effect is never shown, only estimated.",
}
