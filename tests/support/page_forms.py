"""What a browser would send back from a page whose form nobody has touched."""

from html.parser import HTMLParser


class PageForms(HTMLParser):
    """The fields of all forms of a page, by name; a field that is there several times has a list."""

    def __init__(self, page):
        super().__init__()
        self.sent, self.names = {}, set()
        self.select = self.area = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        name, value = found.get("name"), found.get("value")
        if tag == "option" and self.select and "selected" in found:
            self.keep(self.select, value or "")
        if tag == "select":
            self.select = name
        if tag == "textarea":
            self.area, self.text = name, ""
        if tag not in {"input", "select", "textarea", "button"} or not name or "disabled" in found:
            return
        self.names.add(name)
        kind = found.get("type", "text")
        ticked = kind not in {"checkbox", "radio"} or "checked" in found
        if tag == "input" and ticked and kind not in {"submit", "button", "file"}:
            self.keep(name, value if value is not None else "on" * (kind == "checkbox"))

    def handle_data(self, data):
        if self.area:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = None
        if tag == "textarea" and self.area:
            self.keep(self.area, self.text.removeprefix("\n"))
            self.area = None

    def keep(self, name, value):
        self.sent.setdefault(name, []).append(value)
