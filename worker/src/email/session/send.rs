//! One message: MAIL, RCPT, DATA, body, answer.

use std::fmt::Write as _;

use super::{
    Session,
    body::stuffed,
    envelope::Envelope,
    failure::{Cause, Failure, Stage},
    open::refusal,
    reply::Reply,
};

impl Session {
    /// Sends `message` and returns the server's acceptance, or where and how it failed.
    ///
    /// `may_go` is asked once, immediately before the body is written; when it says no, the connection is closed without
    /// a word, because a lone dot would be an empty message. It is not asked when the message fails before.
    pub async fn send(
        &mut self,
        envelope: &Envelope,
        message: &[u8],
        may_go: impl FnOnce() -> bool,
    ) -> Result<Reply, Failure> {
        // Until the end is reached in step, this connection is in doubt: also when this future is dropped on the way.
        let was_usable = std::mem::replace(&mut self.usable, false);
        if !was_usable || self.wire.has_unread() {
            return Err(Failure::protocol(Stage::Mail, "the server spoke unasked"));
        }
        self.sent += 1;

        if self.offers.most.is_some_and(|most| message.len() > most) {
            self.usable = true;
            return Err(Failure::new(Stage::Mail, Cause::TooLarge));
        }
        let mail = self.mail_command(envelope, message)?;
        let rcpt = format!("RCPT TO:<{}>\r\n", envelope.to());
        if self.offers.pipelining {
            self.begin_grouped(&mail, &rcpt).await?;
        } else {
            self.begin_one_by_one(&mail, &rcpt).await?;
        }
        if self.wire.has_unread() {
            return Err(Failure::protocol(Stage::Data, "the server spoke before the body"));
        }

        let body = stuffed(message);
        if !may_go() {
            return Err(Failure::new(Stage::Data, Cause::NoTimeLeft));
        }
        self.wire.write_body(self.timeouts.body, &body).await?;
        let reply = self.wire.reply(Stage::AfterBody, self.timeouts.after_body).await?;
        if reply.is_positive() || reply.is_transient() || reply.is_permanent() {
            self.dirty = false;
            self.usable = !reply.is_closing();
        }
        if reply.is_positive() { Ok(reply) } else { Err(refusal(Stage::AfterBody, reply)) }
    }

    fn mail_command(&mut self, envelope: &Envelope, message: &[u8]) -> Result<String, Failure> {
        let mut line = String::with_capacity(96);
        // Writing to a string cannot fail.
        let _ = write!(line, "MAIL FROM:<{}>", envelope.from());
        if self.offers.size {
            let _ = write!(line, " SIZE={}", message.len());
        }
        if !message.is_ascii() {
            if !self.offers.eight_bit {
                self.usable = true;
                return Err(Failure::protocol(
                    Stage::Mail,
                    "8BITMIME is not offered and the message needs it",
                ));
            }
            line.push_str(" BODY=8BITMIME");
        }
        line.push_str("\r\n");
        Ok(line)
    }

    /// One command at a time, for a server that does not offer PIPELINING.
    async fn begin_one_by_one(&mut self, mail: &str, rcpt: &str) -> Result<(), Failure> {
        let (command, data) = (self.timeouts.command, self.timeouts.data);
        if std::mem::replace(&mut self.dirty, true) {
            self.wire.write(Stage::Mail, command, b"RSET\r\n").await?;
            self.reset_answered().await?;
        }
        for (stage, line, limit) in
            [(Stage::Mail, mail, command), (Stage::Rcpt, rcpt, command), (Stage::Data, "DATA\r\n", data)]
        {
            self.wire.write(stage, limit, line.as_bytes()).await?;
            let reply = self.wire.reply(stage, limit).await?;
            let ok = if stage == Stage::Data { reply.code() == 354 } else { reply.is_positive() };
            if !ok {
                return Err(self.refused(stage, reply));
            }
        }
        Ok(())
    }

    /// MAIL, RCPT and DATA in one write; all of their answers are read before anything is concluded.
    async fn begin_grouped(&mut self, mail: &str, rcpt: &str) -> Result<(), Failure> {
        let (command, data) = (self.timeouts.command, self.timeouts.data);
        let reset = std::mem::replace(&mut self.dirty, true);
        let group = format!("{}{mail}{rcpt}DATA\r\n", if reset { "RSET\r\n" } else { "" });
        self.wire.write(Stage::Mail, command, group.as_bytes()).await?;
        if reset {
            self.reset_answered().await?;
        }
        let mail = self.wire.reply(Stage::Mail, command).await?;
        if mail.is_closing() {
            return Err(refusal(Stage::Mail, mail));
        }
        if !mail.is_positive() && !mail.is_transient() && !mail.is_permanent() {
            return Err(refusal(Stage::Mail, mail));
        }
        let rcpt = self.wire.reply(Stage::Rcpt, command).await;
        let rcpt = match rcpt {
            Ok(rcpt) if !rcpt.is_closing() => rcpt,
            // What the first answer said stays said, whatever became of the second.
            Ok(_) | Err(_) if !mail.is_positive() => return Err(refusal(Stage::Mail, mail)),
            Ok(closing) => return Err(refusal(Stage::Rcpt, closing)),
            Err(failure) => return Err(failure),
        };
        let answer = self.wire.reply(Stage::Data, data).await;
        if mail.is_positive() && rcpt.is_positive() {
            let answer = answer?;
            return if answer.code() == 354 { Ok(()) } else { Err(self.refused(Stage::Data, answer)) };
        }
        let (stage, no) = if mail.is_positive() { (Stage::Rcpt, rcpt.clone()) } else { (Stage::Mail, mail) };
        match answer {
            // The server waits for a body that has no recipient: a lone dot ends that. Were there a recipient after
            // all, the dot would be an empty message for somebody, and only hanging up is right.
            Ok(answer) if answer.code() == 354 => {
                if !rcpt.is_positive() {
                    self.end_empty_body().await;
                }
                Err(refusal(stage, no))
            }
            Ok(answer) if (answer.is_transient() || answer.is_permanent()) && !answer.is_closing() => {
                Err(self.refused(stage, no))
            }
            Ok(_) | Err(_) => Err(refusal(stage, no)),
        }
    }

    /// Ends a body for which no recipient was accepted. Whatever the answer, nobody can have got anything.
    async fn end_empty_body(&mut self) {
        let data = self.timeouts.data;
        let ended = async {
            self.wire.write(Stage::Data, data, b".\r\n").await?;
            self.wire.reply(Stage::Data, data).await
        };
        self.usable = ended.await.is_ok_and(|reply| {
            !reply.is_closing() && (reply.is_positive() || reply.is_transient() || reply.is_permanent())
        });
    }

    async fn reset_answered(&mut self) -> Result<(), Failure> {
        let reply = self.wire.reply(Stage::Mail, self.timeouts.command).await?;
        if reply.is_positive() {
            Ok(())
        } else if reply.is_closing() {
            Err(refusal(Stage::Mail, reply))
        } else {
            Err(Failure::protocol(Stage::Mail, "RSET was refused"))
        }
    }

    /// A refusal in step: the connection stays usable unless the server is closing it or talks nonsense.
    fn refused(&mut self, stage: Stage, reply: Reply) -> Failure {
        self.usable = (reply.is_transient() || reply.is_permanent()) && !reply.is_closing();
        refusal(stage, reply)
    }
}
