"""A browser without a window: it keeps cookies, follows redirections and submits forms."""

import urllib.error
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin, urlsplit


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class _Forms(HTMLParser):
    """The first form of a page: where it goes, and what its fields hold unless one types."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.buttons, self.typed = None, [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = of.get("action", "")
        elif tag == "input" and of.get("type") in ("text", "password", None):
            self.typed.append(of["name"])
        elif tag == "input" and (of.get("type") != "checkbox" or "checked" in of):
            self.fields.append((of["name"], of.get("value", "on")))
        elif tag == "button" and of.get("name"):
            self.buttons.append((of["name"], of.get("value", "")))


class Browser:
    """Whoever sits at it types the same into every field."""

    def __init__(self, person):
        self.person = person
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self.opener = urllib.request.build_opener(cookies, _Stay)
        self.pages = []

    def walk(self, url, to):
        """Signs in and consents on the way; returns the address below `to` that it is sent to."""
        data, origin = None, None
        for _ in range(20):
            if url.startswith(to):
                return url
            request = urllib.request.Request(url, data)
            if data is not None:
                request.add_header("Origin", origin)
            try:
                with self.opener.open(request, timeout=30) as answer:
                    page, url = answer.read().decode(), answer.url
            except urllib.error.HTTPError as answer:
                if answer.code not in (302, 303):
                    raise AssertionError(f"{url}: {answer.code}: {answer.read().decode()}") from None
                url, data = urljoin(url, answer.headers["Location"]), None
                continue
            form = _Forms(page)
            assert form.action is not None, f"{url} has no form: {page}"
            self.pages.append(page)
            fields = form.fields + [(name, self.person) for name in form.typed]
            # Of several buttons the first is the one that goes on.
            fields += form.buttons[:1]
            parts = urlsplit(url)
            origin, url = f"{parts.scheme}://{parts.netloc}", urljoin(url, form.action)
            data = urlencode(fields).encode()
        raise AssertionError(f"it never ends: {url}")
