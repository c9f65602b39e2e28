//! Mail: composing it, sending it by SMTP.
