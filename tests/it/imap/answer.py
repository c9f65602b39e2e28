"""A lead's mail program: fetches the one mail in a mailbox by IMAP, and answers it by SMTP, with a file attached."""

import imaplib
import smtplib
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

imap_port, smtp_port, user, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]

with imaplib.IMAP4("127.0.0.1", imap_port, timeout=30) as box:
    box.login(user, "secret")
    for _ in range(600):
        box.select("INBOX")
        if numbers := box.search(None, "ALL")[1][0].split():
            break
        time.sleep(0.05)
    raw = box.fetch(numbers[0], "(RFC822)")[1][0][1]

mail = message_from_bytes(raw, policy=policy.default)
quoted = mail.get_body(("plain",)).get_content().splitlines()
answer = EmailMessage()
answer["From"] = f"Eva Kern <{user}>"
answer["To"] = mail["Reply-To"]
answer["Subject"] = f"Re: {mail['Subject']}"
answer["Date"] = formatdate(localtime=True)
answer["Message-ID"] = make_msgid(domain="kern.example")
answer["In-Reply-To"] = mail["Message-ID"]
answer["References"] = mail["Message-ID"]
answer.set_content(f"{text}\n\nOn {mail['Date']}, {mail['From']} wrote:\n" + "".join(f"> {line}\n" for line in quoted))
answer.add_attachment(b"%PDF-1.4 the plan\n", maintype="application", subtype="pdf", filename="plan.pdf")

with smtplib.SMTP("127.0.0.1", smtp_port, timeout=30) as relay:
    relay.send_message(answer)
