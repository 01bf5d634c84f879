"""What an HTML page says, read back: each figure by its key, and where its links lead."""

import html.parser

ALONE = {"br", "meta", "link", "use", "rect", "line", "path", "circle", "input"}


class Read(html.parser.HTMLParser):
    """The text of every element that has an id, and every address."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, str | None]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]
        if tag in ALONE:
            return
        self._open.append((tag, given.get("id")))
        if given.get("id"):
            self.texts.setdefault(given["id"], [])

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag):
        if tag not in ALONE:
            while self._open and self._open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self.texts[name].append(data)

    def text(self, name: str) -> str:
        """The words of an element, spaces made one."""
        return " ".join("".join(self.texts[name]).split())

    @property
    def ids(self) -> set[str]:
        """Every id."""
        return {given["id"] for _, given in self.tags if given.get("id")}

    @property
    def figures(self) -> dict[str, str]:
        """The words of each figure by its key."""
        return {name.removeprefix("figure-"): self.text(name) for name in self.texts if name.startswith("figure-")}
