"""A mail program, as somebody presses "reply" in it: fetches the newest mail of a mailbox by IMAP once there are so many,
and answers it by SMTP: to its Reply-To, in its thread, with all of it quoted below, in both parts. With a fifth argument
it sends a blind copy to the address that stands in the mail after these characters."""

import imaplib
import re
import smtplib
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, make_msgid

imap_port, smtp_port, user, count, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
copy_begins = sys.argv[6] if len(sys.argv) > 6 else None

with imaplib.IMAP4("127.0.0.1", imap_port, timeout=30) as box:
    box.login(user, "secret")
    for _ in range(600):
        box.select("INBOX")
        numbers = box.search(None, "ALL")[1][0].split()
        if len(numbers) >= count:
            break
        time.sleep(0.05)
    raw = box.fetch(numbers[-1], "(RFC822)")[1][0][1]

mail = message_from_bytes(raw, policy=policy.default)
plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
html = mail.get_body(("html",))
answer = EmailMessage()
answer["From"] = user
answer["To"] = ", ".join(address for _, address in getaddresses([str(mail["Reply-To"] or mail["From"])]))
subject = str(mail["Subject"])
answer["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
answer["Date"] = formatdate(localtime=True)
answer["Message-ID"] = make_msgid(domain=user.split("@")[1])
answer["In-Reply-To"] = mail["Message-ID"]
answer["References"] = " ".join(filter(None, [mail["References"] or mail["In-Reply-To"], mail["Message-ID"]]))
if copy_begins:
    answer["Bcc"] = re.search(rf"^{re.escape(copy_begins)}\S+@\S+$", plain, re.M).group(0)
# Programs that take the text leave out what is below the line that begins a signature; those that take the HTML leave out nothing.
quoted = "".join(f"> {line}\n" for line in plain.split("\n-- \n")[0].splitlines())
answer.set_content(f"{text}\n\nOn {mail['Date']}, {mail['From']} wrote:\n{quoted}")
if html:
    answer.add_alternative(f"<p>{text}</p><blockquote>{html.get_content()}</blockquote>", subtype="html")

with smtplib.SMTP("127.0.0.1", smtp_port, timeout=30) as relay:
    relay.send_message(answer)
