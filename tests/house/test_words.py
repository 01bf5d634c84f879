"""What the repository does not say: paths of one machine, addresses of package indexes, things left to do."""

import re

import pytest

from tests.house.code import ROOT, tracked

# Each pattern is broken by a group, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"/(work)/(main|shared|\.\w)|/(home)/[a-z]\w*/|/(root)/\.|/(opt)/(pypi|wheels)"
    ),
    "the address of a package index": re.compile(r"(pypi|pythonhosted|npmjs)\.(org|com)|--(extra-)?index-url h"),
    "something left to do": re.compile(r"\b(TO)(DO)\b|\b(FIX)(ME)\b|\b(XX)(X)\b"),
    "a character that is not printed": re.compile("[\u200b\u200e\u200f\u202a-\u202e\ufeff]"),
}
BINARY = {".png", ".gz", ".ico", ".woff2", ".pdf"}


def test_forbidden_words() -> None:
    names = [name for name in tracked() if (ROOT / name).is_file() and (ROOT / name).suffix not in BINARY]
    if not names:
        pytest.skip("not a git checkout")
    found = [
        f"{name}:{number}: {what}"
        for name in names
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), start=1)
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)
