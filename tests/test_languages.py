"""Messages are in the recipient's language, whole, and can be read by everybody; their words tell nobody anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from string import Formatter

import pytest

from relaypoint.app.delivering import deliver_due, send_links
from relaypoint.domain.languages import WRITTEN
from relaypoint.domain.words import HolderRole, Priority
from relaypoint.graph import Store
from relaypoint.notifications import pages
from relaypoint.notifications.digests import Digest, compose_digest
from relaypoint.notifications.languages import ENGLISH, catalogue, chosen, day, direction, served, translated
from relaypoint.notifications.messages import Message, Notification, compose, compose_link
from relaypoint.notifications.sentences import SENTENCES, held_as, sentence, urgency
from relaypoint.resolvers import rounds
from relaypoint.resolvers.backend import Backend
from relaypoint.tests.helpers import filled, imported, row, tiny_roster
from relaypoint.tests.test_notices import SITE, Failing, send
from relaypoint.tests.test_rounds import COORDINATOR, DUE

LANGUAGES = ("en", "ar", "es", "fr", "ru", "uk")
SECRET = "0123456789abcdef" * 2
REFERENCES = ("23456-ABCDE", "34567-BCDEF", "45678-CDEFG", "56789-DEFGH", "6789A-EFGHJ")
REFERENCE, TOKEN, ADDRESS = "23456-ABCDE", "ABCDE-23456-ABCDE-23456", "desk@shelter.example.org"

#: What would tell the field of work, as words begin: trafficking, slavery, exploitation, crime, police, shelter,
#: refuge, asylum, victim, survivor, help, protection, abuse, migrant, woman, child, case, referral.
TELLING = {
    "en": "traffick slave exploit crim polic shelter refug asylum victim surviv help protect abus migra wom child case "
    "referr support rescue hotline",
    "fr": "traite trafic esclav exploit crim polic abri foyer hébergement refug asile victim surviv aid protég protect "
    "abus migr femme enfant affaire orient secours soutien",
    "es": "trata tráfico traficad esclav explot crim delit polic albergue refugi asilo víctim victim superviv ayud "
    "prote abus migra mujer niñ caso deriva apoyo rescat",
    "ru": "торгов рабств эксплуат преступ полиц приют убежищ жертв пострадавш потерпевш помощ защит насил мигра женщин "
    "ребён ребен дет дело случа направлен поддержк спас",
    "uk": "торгівл рабств експлуат злочин поліц притул жертв постражд потерпіл допомог захист захищ насил мігра жін "
    "дит справ випад направлен підтримк рятув",
    "ar": "اتجار عبودي استغلال جريم جنائ شرط مأو ملجأ لجوء لاجئ ضحي ضحايا ناج مساعد حماي إساء عنف مهاجر هجر امرأ "
    "نساء طفل أطفال قضي حال إحال دعم إنقاذ",
}

GIVEN_AWAY = {
    "en": "Nobody is waiting for help.",
    "fr": "Personne n’attend d’aide.",
    "es": "Nadie espera ayuda.",
    "ru": "Никто не ждёт помощи.",
    "uk": "Ніхто не чекає на допомогу.",
    "ar": "لا أحد ينتظر المساعدة.",
}


def every_message(language: str) -> Iterator[Message]:
    """One of every kind that there is."""
    for priority in Priority:
        yield compose(
            Notification(key="key", reference=REFERENCE, priority=priority, kind="sent", language=language),
            ADDRESS,
            SITE,
        )
    first = Notification(
        key="key", reference=REFERENCE, priority=Priority.STAT, kind="requested", language=language, receipt=SECRET
    )
    yield compose(first, ADDRESS, SITE)
    for role in (None, held_as(HolderRole.PRIMARY, 1), held_as(HolderRole.DEPUTY, 2)):
        for test in (False, True):
            yield compose_link("key", TOKEN, ADDRESS, SITE, due=DUE, role=role, test=test, language=language)


def every_digest(language: str) -> Iterator[Message]:
    """Several messages as one, at length and in short, with each urgency at their head."""
    for number, priority in enumerate(Priority, 2):
        held = [
            Notification(key="key", reference=each, priority=priority, kind="sent", language=language)
            for each in REFERENCES[:number]
        ]
        for short in (False, True):
            yield compose_digest(Digest(key="key", notifications=held, language=language), ADDRESS, SITE, short=short)


def test_there_are_six_languages() -> None:
    assert set(served()) == set(LANGUAGES) == set(WRITTEN)
    assert served()[0] == ENGLISH
    assert {language: direction(language) for language in LANGUAGES if direction(language) != "ltr"} == {"ar": "rtl"}


@pytest.mark.parametrize("language", served()[1:])
def test_a_catalogue_is_whole_and_holds_nothing_else(language: str) -> None:
    entries = {(str(each.context), str(each.id)): each for each in catalogue(language) if each.id}
    assert set(entries) == set(SENTENCES.items())
    assert not catalogue(language).obsolete
    assert not catalogue(language).fuzzy
    assert str(catalogue(language).locale) == language
    for (id, english), entry in entries.items():
        assert isinstance(entry.string, str)
        assert entry.string.strip() == entry.string != "", id
        assert not entry.fuzzy, id
        assert fields(entry.string) == fields(english), id


def fields(template: str) -> list[str]:
    """What is filled in, as often as it is, and how."""
    return sorted(f"{name}!{how}:{form}" for _, name, form, how in Formatter().parse(template) if name is not None)


def test_each_id_is_said_by_some_message_and_priorities_have_one_each() -> None:
    said = {urgency(priority).message_id for priority in Priority}
    assert said == {id for id in SENTENCES if id.startswith("urgency.")}
    messages = (*every_message(ENGLISH), *every_digest(ENGLISH))
    told = "".join(text for message in messages for text in (message.subject, message.body))
    told += "".join(
        (
            pages.opened(ENGLISH, REFERENCE),
            pages.asking(ENGLISH, REFERENCE),
            *(say(ENGLISH) for say in (pages.noted, pages.over, pages.later)),
        )
    )
    for id, english in SENTENCES.items():
        assert all(piece in told for piece, *_ in Formatter().parse(english)), id


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "en"),
        ("uk", "uk"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("en;q=0.4,ar-EG;q=0.9", "ar"),
        ("cy, ru;q=0.1", "ru"),
        ("es;q=0, cy", "en"),
        ("es ; q=0.5 , ru ; q=0.6", "ru"),
        ("fr;q=much, es", "es"),
        ("*", "en"),
        (";;q=,,=;", "en"),
        ("de, " * 30 + "fr", "en"),
        ("q=1" * 5000, "en"),
    ],
)
def test_a_browser_is_answered_in_the_language_that_it_asks_for(asked: str, language: str) -> None:
    assert pages.language(asked) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_behind_the_first_link_is_whole_and_tells_nothing(language: str) -> None:
    html = pages.opened(language, REFERENCE)
    page = Page(html)
    for tag in ("html", "main"):
        (given,) = page.all(tag)
        assert (given["lang"], given["dir"]) == (language, direction(language))
    assert page.texts["title"] == page.texts["h1"] == [translated(sentence("open.title"), language)]
    assert page.texts["code"] == [f"relaypoint handoff {REFERENCE}"]
    assert page.all("bdi") == [{"dir": "ltr"}] * 2
    assert page.all("a") == []
    for id in (each for each in SENTENCES if each.startswith("open.")):
        assert translated(sentence(id), language) in page.texts["main"][0]
    assert not telling_words(language).search(re.sub(r"<[^>]*>", " ", html))
    assert not re.search(r"https?:|<script|<img|<link", html)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ((), "en"),
        (("fr-CA",), "fr"),
        (("zh",), "en"),
        (("zh", "uk-Cyrl-UA", "fr"), "uk"),
        (("cy", "es-419", "en"), "es"),
        (("en-GB", "ar"), "en"),
        (("AR-eg",), "ar"),
        (("und", "", "x-private", "ru"), "ru"),
        (("frr",), "en"),
    ],
)
def test_the_first_language_that_is_served_is_chosen(wanted: tuple[str, ...], language: str) -> None:
    assert chosen(wanted) == language


def test_words_within_words_are_translated_too() -> None:
    role = held_as(HolderRole.DEPUTY, 2)
    assert translated(sentence("link.role", role=role), "es") == "Para: contacto suplente n.º\N{NO-BREAK SPACE}2"
    assert translated(sentence("link.role", role=role), "en") == "For: deputy contact, no. 2"
    with pytest.raises(KeyError):
        sentence("link.role")


def test_days_are_written_as_people_write_them() -> None:
    assert {language: day("2026-03-10", language) for language in LANGUAGES} == {
        "en": "10 March 2026",
        "ar": "10 مارس 2026",
        "es": "10 de marzo de 2026",
        "fr": "10 mars 2026",
        "ru": "10 марта 2026\N{NARROW NO-BREAK SPACE}г.",
        "uk": "10 березня 2026\N{NARROW NO-BREAK SPACE}р.",
    }


def telling_words(language: str) -> re.Pattern[str]:
    """By what words begin with; in Arabic the article and the like are part of them."""
    begin = r"\b[وفبكل]?(?:ال|لل?)?" if language == "ar" else r"\b"
    return re.compile(begin + f"(?:{'|'.join(TELLING[language].split())})", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_tells_the_field_of_work(language: str) -> None:
    telling = telling_words(language)
    assert telling.search(GIVEN_AWAY[language]), "else nothing is looked for"
    for message in (*every_message(language), *every_digest(language)):
        html = re.sub(r"<[^>]*>", " ", message.html or "")
        for text in (message.subject, message.body, html):
            assert not telling.search(text.replace(SITE, "")), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_and_address_stand_on_lines_of_their_own(language: str) -> None:
    for message in every_message(language):
        lines = message.body.splitlines()
        url, *receipt = (line for line in lines if "https:" in line)
        assert re.fullmatch(rf"https://site\.example\.org/(n/{REFERENCE}|a/{TOKEN})", url)
        assert receipt in ([], [f"https://site.example.org/r/{language}-{REFERENCE}-{SECRET}"])
        assert [line for line in lines if REFERENCE in line] in ([REFERENCE, url, *receipt], [url])
        assert "\n" not in message.subject
        if language == "ar" and "/n/" in url:  # Else its two parts would change places.
            assert f"\N{LEFT-TO-RIGHT ISOLATE}{REFERENCE}\N{POP DIRECTIONAL ISOLATE}" in message.subject
        else:
            assert not set("\N{LEFT-TO-RIGHT ISOLATE}\N{POP DIRECTIONAL ISOLATE}") & set(message.subject + message.body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_has_a_line_for_each_urgency_reference_and_address(language: str) -> None:
    for message in every_digest(language):
        count, *lines = message.body.splitlines()
        entries = [each.splitlines() for each in message.body.split("\n\n")[2:]]
        assert re.search(r"\b[2-5]\b", count)
        if message.html is None:
            assert (len(lines), lines[-1], entries) == (2, SITE, [])
            assert message.subject.startswith(lines[0]), "how urgent the most urgent is"
            continue
        assert [entry[1:] for entry in entries] == [[each, f"{SITE}n/{each}"] for each in REFERENCES[: len(entries)]]
        assert re.findall(r"\d+", count) == re.findall(r"\d+", message.subject) == [str(len(entries))]
        assert {entry[0] for entry in entries} == {message.subject.partition(".")[0]}
        assert not any(each in message.subject for each in REFERENCES)


class Page(HTMLParser):
    """What a page is made of: its elements with what they are given, and the text in each."""

    EMPTY = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.declared = ""
        self.feed(html)
        self.close()
        assert self.open == [], "each is closed"

    def handle_decl(self, decl: str) -> None:
        self.declared = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in dict.fromkeys(self.open):
            self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.elements if name == tag]


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_can_be_read_by_everybody_and_fetches_nothing(language: str) -> None:
    for message in every_message(language):
        assert message.html is not None
        page = Page(message.html)
        assert page.declared == "doctype html"
        is_in_its_language(page, message)
        urls = [line for line in message.body.splitlines() if "https:" in line]
        assert page.all("a") == [{"href": url} for url in urls]
        for leads in page.texts["a"]:
            assert leads.strip()
            assert "https:" not in leads
        assert [each for each in page.texts["bdi"] if "https:" in each] == urls, "and where each leads can be seen"
        used = {tag for tag, _ in page.elements}
        assert used == {
            *("html", "head", "meta", "title", "body", "main", "h1", "p", "br", "a", "bdi"),
            *strong(message),
        }
        fetches_nothing(page)
        assert message.html.count("https:") == 2 * len(urls)


def is_in_its_language(page: Page, message: Message) -> None:
    for tag in ("html", "main"):
        (given,) = page.all(tag)
        assert (given["lang"], given["dir"]) == (message.language, direction(message.language))
    assert page.texts["title"] == [message.subject]
    (heading,) = page.texts["h1"]
    assert heading.strip()


def fetches_nothing(page: Page) -> None:
    """Nothing is fetched, run or coloured; with no colours given, light and dark are the reader's own."""
    allowed = {"lang", "dir", "style", "href", "charset", "name", "content"}
    assert {name for _, given in page.elements for name in given} == allowed
    styles = " ".join(given.get("style") or "" for _, given in page.elements)
    assert not re.search(r"url|color|background|position|display|@|/\*|\\", styles)
    assert {"name": "color-scheme", "content": "light dark"} in page.all("meta")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_in_html_is_a_list_of_links(language: str) -> None:
    for message in every_digest(language):
        if message.html is None:
            continue
        page = Page(message.html)
        is_in_its_language(page, message)
        fetches_nothing(page)
        items, links = page.texts["li"], page.all("a")
        assert [link["href"] for link in links] == [
            line for line in message.body.splitlines() if line.startswith("https:")
        ]
        assert page.texts["a"] == list(REFERENCES[: len(items)]), "no two links read the same"
        assert [item.split()[-1] for item in items] == [link["href"] for link in links], "where it leads can be seen"
        assert {tag for tag, _ in page.elements} == {
            *("html", "head", "meta", "title", "body", "main", "h1", "p", "ul", "li", "br", "a", "strong", "bdi"),
        }


def strong(message: Message) -> set[str]:
    return {"strong"} if REFERENCE in message.subject else set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_says_what_the_plain_text_says(language: str) -> None:
    for message in (*every_message(language), *every_digest(language)):
        if message.html is None:
            continue
        (said,) = Page(message.html).texts["main"]
        assert said.split() == message.body.split()


def test_what_would_be_markup_is_text() -> None:
    message = compose_link(
        "key",
        TOKEN,
        ADDRESS,
        'https://x/"><b>&',
        due=DUE,
        role=held_as(HolderRole.DEPUTY, 2),
        test=False,
        language="en",
    )
    page = Page(message.html or "")
    assert page.all("b") == []
    assert page.all("a") == [{"href": f'https://x/"><b>&/a/{TOKEN}'}]
    assert f'https://x/"><b>&/a/{TOKEN}\n' in message.body


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_contact_point_is_told_in_its_language(backend: Backend, language: str) -> None:
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["languages"] = f"cy;{language}"
    await imported(backend, roster)
    await send(backend)
    transport = Failing(0)
    await deliver_due(backend, transport, SITE)
    ((_, message),) = transport.taken
    assert message.language == language
    assert message.body.splitlines()[0] == translated(urgency(Priority.STAT), language)


async def test_holders_are_asked_and_channels_tried_in_the_contact_points_language(store: Store) -> None:
    backend = await filled(store)
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["languages"] = "fr-CA;en"
    await imported(backend, roster)
    transport = Failing(0)
    for kind in ("confirmation", "drill"):
        links = (await rounds.start(COORDINATOR, backend, kind, DUE, task_force="example-force")).links
        assert await send_links(links, transport, SITE, test=kind == "drill")
    subjects = [message.subject for _, message in transport.taken if message.language == "fr"]
    assert subjects == [
        "Merci de confirmer vos coordonnées (contact principal)",
        "Merci de confirmer vos coordonnées (contact suppléant n°\N{NO-BREAK SPACE}2)",
        "Test\N{NO-BREAK SPACE}: merci de répondre",
    ]
    assert {message.language for _, message in transport.taken} == {"fr", "en"}
