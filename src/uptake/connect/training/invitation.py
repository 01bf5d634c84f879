"""A calendar entry for one seat: an iCalendar REQUEST in a mail, which calendars offer to accept.

The entry's UID follows from person and session, so that an invitation sent again changes nothing in a calendar, and a
later sequence replaces it. Source: RFC 5545 (iCalendar), RFC 5546 3.2.2 (REQUEST), RFC 6047 (mail).
"""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr

from icalendar import Calendar, Event, vCalAddress, vText

from uptake.core.chance import digest
from uptake.core.time import as_datetime
from uptake.core.training import Seat


def attach(message: EmailMessage, seat: Seat, *, title: str, sender: str, to: str) -> None:
    """Add a seat's calendar entry to a mail.

    Args:
        message: a mail with its text.
        seat: the seat.
        title: what the calendar shows.
        sender: who invites, as the mail's From.
        to: the person's address.
    """
    name, address = parseaddr(sender)
    calendar = Calendar()
    calendar.add("prodid", "-//Uptake//Training//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    event = Event()
    event.add("uid", uid(seat, sender=sender))
    event.add("sequence", seat.sequence)
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", as_datetime(seat.start))
    event.add("dtend", as_datetime(seat.end))
    event.add("summary", title)
    event.add("location", seat.place)
    event.add("status", "CONFIRMED")
    organizer = vCalAddress(f"mailto:{address}")
    if name:
        organizer.params["CN"] = vText(name)
    event["organizer"] = organizer
    attendee = vCalAddress(f"mailto:{to}")
    for key, value in (("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "TRUE")):
        attendee.params[key] = vText(value)
    event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    text = calendar.to_ical().decode()
    message.add_alternative(text, subtype="calendar", charset="utf-8", params={"method": "REQUEST"})


def uid(seat: Seat, *, sender: str) -> str:
    """The calendar entry's UID: the same for a person and a session, and telling nobody who she is."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"{digest(f'{seat.pid}/{seat.session}')[:32]}@{domain}"
